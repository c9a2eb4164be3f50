// A test's own corner of the machine: a temporary folder and everything the test started. Both are gone afterwards.
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOM_BYTES = 1 << 30;

/** Something that runs until it is stopped; stopping it twice is allowed. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** What a workspace needs of a test: a way to be called when it is over. */
interface Test {
  after(clean: () => Promise<void>): void;
}

const openFolders = new Set<string>();
process.on('exit', () => {
  for (const folder of openFolders) rmSync(folder, { recursive: true, force: true });
});

export class Workspace {
  readonly path: string;
  readonly #owned: Stoppable[] = [];

  private constructor(folder: string) {
    this.path = folder;
  }

  /** Makes an empty folder, in memory where there is room. It is removed when the test ends. */
  static async open(t: Test): Promise<Workspace> {
    const made = new Workspace(await mkdtemp(path.join(await roomyFolder(), 'millrace-test-')));
    openFolders.add(made.path);
    t.after(() => made.#close());
    return made;
  }

  /** Names a folder inside, made if need be. */
  async folder(...parts: readonly string[]): Promise<string> {
    const folder = path.join(this.path, ...parts);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Takes charge of stopping something, the latest first, before the folder is removed. */
  own<T extends Stoppable>(stoppable: T): T {
    this.#owned.push(stoppable);
    return stoppable;
  }

  async #close(): Promise<void> {
    for (const stoppable of this.#owned.splice(0).reverse()) await stoppable.stop();
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    openFolders.delete(this.path);
  }
}

async function roomyFolder(): Promise<string> {
  try {
    const disk = await statfs('/dev/shm');
    if (disk.bavail * disk.bsize >= ROOM_BYTES) return '/dev/shm';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return tmpdir();
}
