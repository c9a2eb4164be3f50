// Which process this is, in words that another process can check: whoever is gone, by kill -9 too, is known to be.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { bootId } from './boot-id.ts';

let own: string | undefined;

/** The mark of this process. Numbers of processes are used again; the time at which one started, and the run of the machine, are not. */
export function processMark(): string {
  own ??= `${process.pid} ${startedAt(process.pid) ?? '-'} ${bootId()}`;
  return own;
}

/** The number of the process behind a mark while it runs; `undefined` when it does not, or when that is no mark. */
export function runningProcess(mark: string): number | undefined {
  const [, digits = '', started = '', boot = ''] = /^(\d+) (\S+) (.*)$/s.exec(mark) ?? [];
  const pid = Number(digits);
  if (digits === '' || pid === 0 || boot !== bootId()) return undefined;
  if (started !== '-') return startedAt(pid) === started ? pid : undefined;
  // Without a time, our own number was that of a process before us: what we hold ourselves is known without it.
  return pid !== process.pid && isThere(pid) ? pid : undefined;
}

/** In ticks since the machine started; `undefined` for a process that is gone, or dead and only not buried, or without /proc. */
function startedAt(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
  // The name of the program, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is there, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
