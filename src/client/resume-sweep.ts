// Looks after the resume data of all torrents of a client: what changed is saved, and what was written is brought to the
// medium, torrent by torrent, so that thousands of them cause no burst.

/** One torrent's side of it. */
export interface Kept {
  /** Saves what changed and should not be lost. */
  keepUp(nowMs: number): Promise<void>;
  /** Syncs what was written. */
  settle(): Promise<void>;
}

export class ResumeSweep {
  readonly #kept = new Set<Kept>();
  readonly #timer: NodeJS.Timeout;
  #saving: Promise<void> | undefined;
  #settling: Promise<void> | undefined;

  constructor(intervalMs: number) {
    this.#timer = setInterval(() => this.sweep(), intervalMs);
    this.#timer.unref();
  }

  join(kept: Kept): void {
    this.#kept.add(kept);
  }

  leave(kept: Kept): void {
    this.#kept.delete(kept);
  }

  /** Begins both, unless the last round is not over. Saves do not wait for syncs, which may take as long as the disk likes. */
  sweep(): void {
    const nowMs = performance.now();
    this.#saving ??= this.#each((kept) => kept.keepUp(nowMs)).finally(() => (this.#saving = undefined));
    this.#settling ??= this.#each((kept) => kept.settle()).finally(() => (this.#settling = undefined));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#kept.clear();
  }

  async #each(act: (kept: Kept) => Promise<void>): Promise<void> {
    for (const kept of [...this.#kept]) if (this.#kept.has(kept)) await act(kept);
  }
}
