// A signal that follows others for as long as something takes. `AbortSignal.any` does, too, and in Node 20 leaves a reference behind
// at each of them that goes only with it: at one that lives as long as the program, one for every check of a torrent.

export class LinkedAbort {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) {
      if (source.aborted) this.#controller.abort(source.reason);
      else source.addEventListener('abort', this.#follow);
    }
  }

  /** Aborted, with its reason, when the first of the others is. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** It is over: the others are let go. */
  release(): void {
    for (const source of this.#sources) source.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (event: Event): void => {
    this.#controller.abort((event.target as AbortSignal).reason);
  };
}
