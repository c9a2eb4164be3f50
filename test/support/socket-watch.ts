// Counts every socket of a program from outside: what the kernel was asked to connect, send and listen to, by any of its
// threads, as strace tells it. Nothing inside the program can hide from that.
import { readFile } from 'node:fs/promises';
import { succeeds } from './available.ts';
import { pauseMs } from './deadline.ts';

const POLL_MS = 20;
const QUIET_POLLS = 100;

/** What a program asked the kernel for. */
export interface SocketCall {
  readonly call: 'connect' | 'send' | 'listen' | 'bind' | 'join';
  /** `127.0.0.1:6881`, `[::1]:53`, or a path for a socket of the machine's own; empty where none is named. */
  readonly to: string;
  /** Where the socket was bound by then; empty: nowhere. */
  readonly from: string;
  readonly line: string;
}

const CALLS = 'socket,connect,bind,listen,sendto,sendmsg,sendmmsg,setsockopt';

/** Whether sockets can be watched here. */
export function canWatch(): boolean {
  return succeeds('strace', ['-f', '--seccomp-bpf', '-e', 'trace=connect', '-o', '/dev/null', 'true']);
}

/** The command that runs another and writes its calls to a file. The other one is the process that is started, signals and all. */
export function watching(file: string): readonly string[] {
  return ['strace', '-D', '-f', '--seccomp-bpf', '-e', `trace=${CALLS}`, '-s', '0', '-o', file];
}

/** Reads what was written of a program that has ended; calls of the machine's own sockets (netlink, pairs of a process) name nobody and are left out. */
export async function callsIn(file: string): Promise<SocketCall[]> {
  let lines: string[] = [];
  // The watcher is told of the end after everybody else, and is done when it has nothing more to write.
  for (let quiet = 0; quiet < QUIET_POLLS; quiet++) {
    await pauseMs(POLL_MS);
    const known = lines.length;
    lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    if (/\+\+\+ (?:exited|killed)/.test(lines.at(-1)!)) break;
    if (lines.length > known) quiet = 0;
  }
  // The descriptors of a program are those of all its threads.
  const bound = new Map<string, string>();
  return lines.flatMap((line) => callOf(line, bound) ?? []);
}

function callOf(line: string, bound: Map<string, string>): SocketCall | undefined {
  const name = /^\d+\s+(?:<\.\.\. )?(\w+)[( ]/.exec(line)?.[1];
  const made = name === 'socket' ? /= (\d+)$/.exec(line)?.[1] : undefined;
  if (made !== undefined) bound.delete(made);
  const socket = /^\d+\s+\w+\((\d+),/.exec(line)?.[1] ?? '';
  const to = addressIn(line);
  const call = { to: to ?? '', from: bound.get(socket) ?? '', line };
  switch (name) {
    case 'connect':
      return to === undefined ? undefined : { ...call, call: name };
    case 'bind':
      if (to === undefined) return undefined;
      bound.set(socket, to);
      return { ...call, call: name };
    case 'sendto':
    case 'sendmsg':
    case 'sendmmsg':
      // A connected socket names nobody: its `connect` did.
      return to === undefined ? undefined : { ...call, call: 'send' };
    case 'listen':
      return { ...call, call: name };
    case 'setsockopt':
      return /_(?:ADD_MEMBERSHIP|JOIN_GROUP)/.test(line) ? { ...call, call: 'join' } : undefined;
    default:
      return undefined;
  }
}

function addressIn(line: string): string | undefined {
  const port = /sin6?_port=htons\((\d+)\)/.exec(line)?.[1];
  const four = /sin_addr=inet_addr\("([^"]+)"\)/.exec(line)?.[1];
  if (four !== undefined) return `${four}:${port}`;
  const six = /inet_pton\(AF_INET6, "([^"]+)"/.exec(line)?.[1];
  if (six !== undefined) return `[${six}]:${port}`;
  return /sun_path="([^"]+)"/.exec(line)?.[1];
}
