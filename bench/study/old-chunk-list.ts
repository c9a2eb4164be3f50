// How engines used to receive: chunks go into a list, the length of the next message is peeked, the message is joined out
// of its chunks, and what takes it copies the block out of it. Here to be measured against, and for nothing else.

const HANDSHAKE_BYTES = 68;

export class OldChunkList {
  readonly #take: (message: Uint8Array) => void;
  readonly #owned: boolean;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes of the handshake or the message that comes next; 0 while its length is not known. */
  #next = HANDSHAKE_BYTES;

  /** `owned`: chunks are handed over, and need not be copied. */
  constructor(take: (message: Uint8Array) => void, owned = false) {
    this.#take = take;
    this.#owned = owned;
  }

  push(chunk: Buffer): void {
    // The first copy: sources lent their chunks, so the list kept its own.
    this.#chunks.push(this.#owned ? chunk : Buffer.from(chunk));
    this.#length += chunk.length;
    for (;;) {
      if (this.#next === 0) {
        if (this.#length < 4) return;
        this.#next = 4 + this.#peekUint32();
      }
      if (this.#length < this.#next) return;
      const message = this.#join(this.#next);
      this.#next = 0;
      this.#take(message);
    }
  }

  #peekUint32(): number {
    const [first] = this.#chunks;
    return first!.length >= 4 ? first!.readUInt32BE() : Buffer.concat(this.#chunks, 4).readUInt32BE();
  }

  /** The second copy: the message in one piece. */
  #join(length: number): Buffer {
    const message = Buffer.concat(this.#chunks, length);
    this.#length -= length;
    let left = length;
    while (left > 0) {
      const first = this.#chunks[0]!;
      if (first.length <= left) {
        left -= first.length;
        this.#chunks.shift();
      } else {
        this.#chunks[0] = first.subarray(left);
        left = 0;
      }
    }
    return message;
  }
}
