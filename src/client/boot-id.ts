// Which run of the machine this is. What was written and not synced outlives the end of a program, but not the end of the
// run: resume data of another run vouches only for what was synced.
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

let known: string | undefined;

/** The same text until the machine starts again. */
export function bootId(): string {
  known ??= readBootId();
  return known;
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    // Elsewhere, the minute in which it started. A clock that is set makes it look like another run: then a few pieces
    // are hashed for nothing.
    return `started ${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}
