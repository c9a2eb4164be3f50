// A file that says which process has something for itself. It is no trouble when it is left behind: the mark in it tells that its
// process is gone, and the next one takes it.
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { processMark, runningProcess } from './process-mark.ts';

/** Locks that this thread holds. Other threads of the process have the same mark, and lists of their own. */
const held = new Set<string>();

/** A file that is made and not yet written: its process has as long to do so, which takes microseconds. */
const WRITING_MS = 10_000;

/** What came of taking a lock. */
export type LockOutcome =
  | { readonly taken: true }
  /** By another process, or by this one. */
  | { readonly taken: false; readonly pid: number };

/**
 * Takes the lock unless a running process has it. Rarely enough for calls that wait: a few microseconds.
 * Throws the system's error when the file cannot be made.
 */
export function takeLock(file: string): LockOutcome {
  for (;;) {
    if (created(file)) {
      held.add(file);
      return { taken: true };
    }
    const found = read(file);
    if (found === undefined) continue;
    const pid = held.has(file) ? process.pid : holderOf(file, found);
    if (pid !== undefined) return { taken: false, pid };
    discard(file, found);
  }
}

/** Gives a lock back that was taken. */
export function releaseLock(file: string): void {
  if (held.delete(file)) rmSync(file, { force: true });
}

function created(file: string): boolean {
  let handle: number;
  try {
    handle = openSync(file, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(handle, processMark());
  } finally {
    closeSync(handle);
  }
  return true;
}

/** `undefined` when it is gone meanwhile. */
function read(file: string): string | undefined {
  return unlessGone(() => readFileSync(file, 'utf8'));
}

function holderOf(file: string, mark: string): number | undefined {
  if (mark !== '' || Date.now() - (unlessGone(() => statSync(file).mtimeMs) ?? 0) > WRITING_MS) {
    return runningProcess(mark);
  }
  return 0;
}

/** Takes away a lock whose process is gone, and nothing that somebody else has put there meanwhile. */
function discard(file: string, mark: string): void {
  const aside = `${file}.${process.pid}`;
  unlessGone(() => renameSync(file, aside));
  const taken = read(aside);
  if (taken === undefined) return;
  if (taken !== mark) {
    try {
      linkSync(aside, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  rmSync(aside, { force: true });
}

function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
