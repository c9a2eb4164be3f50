// The threads of a disk, and which of them know which store: a thread hears of one with the first thing that it gets to do
// for it, so that thousands of torrents that nobody asks for cost no thread anything.
import type { StoreId } from '../../engine/ports.ts';
import type { DiskAnswer, DiskCall } from './disk-messages.ts';
import type { DiskThread } from './disk-thread.ts';
import type { StoreLayout } from './store-layout.ts';

export class DiskCrew {
  readonly size: number;
  readonly threads: readonly DiskThread[];
  readonly #start: (worker: number) => DiskThread;
  /** For each thread, the stores that it was told of. */
  readonly #told: readonly Set<StoreId>[];

  /** `start` makes a thread; numbers from `size` on are of those that do one thing and end. */
  constructor(size: number, start: (worker: number) => DiskThread) {
    this.size = size;
    this.#start = start;
    this.threads = Array.from({ length: size }, (_, worker) => start(worker));
    this.#told = this.threads.map(() => new Set());
  }

  /** A thread that knows the store from now on. `layout` is asked for when it does not yet. */
  acquaint(worker: number, store: StoreId, layout: () => StoreLayout): DiskThread {
    const thread = this.threads[worker]!;
    const told = this.#told[worker]!;
    if (!told.has(store)) {
      told.add(store);
      thread.post({ kind: 'store', store, layout: layout() });
    }
    return thread;
  }

  /** A call to any thread, by a number: for what is about no store that threads know. */
  call(number: number, call: DiskCall): Promise<DiskAnswer> {
    return this.threads[number % this.size]!.call(call);
  }

  /** A call to all who know the store; the others have nothing of it. */
  async callKnowing(store: StoreId, call: DiskCall): Promise<void> {
    const knowing = this.threads.filter((_, worker) => this.#told[worker]!.has(store));
    await Promise.all(knowing.map((thread) => thread.call(call)));
  }

  /** Closes the store's files; the number may be another store's afterwards. */
  async forget(store: StoreId): Promise<void> {
    const closed = this.callKnowing(store, { name: 'close', store });
    for (const told of this.#told) told.delete(store);
    await closed;
  }

  /** What can take minutes, as writing a torrent's size in zeros, is done by a thread of its own, and the others go on. */
  async callApart(call: DiskCall, signal: AbortSignal): Promise<DiskAnswer> {
    const thread = this.#start(this.size);
    const abandon = () => void thread.abandon(signal.reason);
    signal.addEventListener('abort', abandon);
    try {
      return await thread.call(call);
    } finally {
      signal.removeEventListener('abort', abandon);
      await thread.close();
    }
  }

  /** Ends all threads when they have done what they were given. */
  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
