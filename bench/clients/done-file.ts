// For clients that run a command when a torrent is complete: the command writes the time into a file, this waits for it.
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The command to run on completion. */
export function doneCommand(scratch: string): string {
  const script = path.join(scratch, 'done.sh');
  const mark = path.join(scratch, 'done');
  writeFileSync(script, `#!/bin/sh\ndate +%s%N > "${mark}.part" && mv "${mark}.part" "${mark}"\n`, { mode: 0o755 });
  return script;
}

/** Resolves with the milliseconds since 1970 at which the command ran. */
export async function doneFile(scratch: string, child: ChildProcess): Promise<number> {
  const mark = path.join(scratch, 'done');
  while (!existsSync(mark)) {
    if (child.exitCode !== null) throw new Error(`ended early, with status ${child.exitCode}`);
    await delay(20);
  }
  return Number(readFileSync(mark, 'utf8')) / 1e6;
}
