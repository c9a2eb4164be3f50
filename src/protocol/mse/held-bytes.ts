// Received bytes that wait until there are enough of them to be understood. For handshakes, not for the data path.

const CAPACITY_START = 1024;

export class HeldBytes {
  #bytes = new Uint8Array(CAPACITY_START);
  #start = 0;
  #end = 0;
  /** How far `find` has looked. */
  #searched = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Removes the first `count` bytes, which are the caller's to keep and to change. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#start, this.#start + count);
    this.#start += count;
    this.#searched = 0;
    return taken;
  }

  /** Where `pattern` begins for the first time, or −1. What was searched before is not searched again. */
  find(pattern: Uint8Array): number {
    for (; this.#searched + pattern.length <= this.length; this.#searched++) {
      const from = this.#start + this.#searched;
      let same = 0;
      while (same < pattern.length && this.#bytes[from + same] === pattern[same]) same++;
      if (same === pattern.length) return this.#searched;
    }
    return -1;
  }

  #makeRoom(count: number): void {
    const grown = new Uint8Array(Math.max(2 * this.length, this.length + count, CAPACITY_START));
    grown.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = grown;
    this.#end = this.length;
    this.#start = 0;
  }
}
