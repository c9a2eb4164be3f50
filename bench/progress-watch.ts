// Sees that a download gets somewhere: by what its files take on the disk, for that is the same for every client. One that
// waits to be connected to is connected to again, and one that stands still is given up.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const LOOK_MS = 250;
/** A connection that brought nothing for so long is made again. */
const REDIAL_MS = 2000;
/** Nobody stands still for so long who will ever be done. */
const STALL_MS = 30_000;
const SECTOR_BYTES = 512;

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const stat = statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    if (stat?.isFile()) bytes += stat.blocks * SECTOR_BYTES;
  }
  return bytes;
}

export class ProgressWatch {
  /** Rejects when nothing has come for too long; never resolves. */
  readonly stalled: Promise<never>;
  readonly #timer: NodeJS.Timeout;

  /** `redial` connects the seeder to the client, for one that is dialled. */
  constructor(folder: string, redial: (() => void) | undefined) {
    let seen = -1;
    let grownMs = performance.now();
    let dialledMs = 0;
    let give: (reason: Error) => void;
    this.stalled = new Promise((_, reject) => {
      give = reject;
    });
    this.stalled.catch(() => undefined);
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      const bytes = bytesIn(folder);
      if (bytes !== seen) grownMs = nowMs;
      seen = bytes;
      if (nowMs - grownMs > STALL_MS) give(new Error(`nothing came for ${STALL_MS / 1000} s, after ${bytes} bytes`));
      if (redial === undefined || nowMs - Math.max(grownMs, dialledMs) < REDIAL_MS) return;
      dialledMs = nowMs;
      redial();
    }, LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
