// A store as the main thread sees it: where its files are, and what waits while they are moved about.
import { type StoreLayout, sharedLayout } from './store-layout.ts';

/** A record of a batch, or a piece to forget, that came while the store was held. */
export type HeldRecord =
  | { readonly kind: 'runs' | 'reads'; readonly record: Int32Array }
  | { readonly kind: 'forget'; readonly piece: number };

export class OpenStore {
  layout: StoreLayout;
  readonly stripePieces: number;
  #shared = false;
  #holds = 0;
  #held: HeldRecord[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(layout: StoreLayout, stripePieces: number) {
    this.layout = layout;
    this.stripePieces = stripePieces;
  }

  /** The layout as threads get it: from the first time on its hashes are in shared memory. Most torrents only seed: none are made. */
  readonly share = (): StoreLayout => {
    if (!this.#shared) this.layout = sharedLayout(this.layout);
    this.#shared = true;
    return this.layout;
  };

  /** Workers get nothing of this store: `keep` what comes. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  hold(): void {
    this.#holds++;
  }

  keep(record: HeldRecord): void {
    this.#held.push(record);
  }

  /** Ends one `hold`; after the last one, returns what came meanwhile, in its order. */
  release(): readonly HeldRecord[] {
    this.#holds--;
    if (this.#holds > 0) return [];
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** What concerns all files of the store happens one after the other. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
