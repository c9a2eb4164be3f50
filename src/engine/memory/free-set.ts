// A set of small whole numbers that gives its lowest member at once: a tree of bitmaps, 32 children a word.

/** Members 0 … size−1. Every operation takes one step per level, three levels for 32,768 members. */
export class FreeSet {
  /** Level 0 holds the members; a bit of a higher level says that the word below it is not zero. */
  readonly #levels: Uint32Array[] = [];

  constructor(size: number) {
    let words = Math.max(1, Math.ceil(size / 32));
    this.#levels.push(new Uint32Array(words));
    while (words > 1) {
      words = Math.ceil(words / 32);
      this.#levels.push(new Uint32Array(words));
    }
  }

  has(member: number): boolean {
    return (this.#levels[0]![member >>> 5]! & (1 << (member & 31))) !== 0;
  }

  add(member: number): void {
    let index = member;
    for (let level = 0; level < this.#levels.length; level++) {
      this.#levels[level]![index >>> 5]! |= 1 << (index & 31);
      index >>>= 5;
    }
  }

  delete(member: number): void {
    let index = member;
    for (let level = 0; level < this.#levels.length; level++) {
      const words = this.#levels[level]!;
      const left = words[index >>> 5]! & ~(1 << (index & 31));
      words[index >>> 5] = left;
      if (left !== 0) return;
      index >>>= 5;
    }
  }

  /** The lowest member, or −1 when the set is empty. */
  lowest(): number {
    let index = 0;
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const word = this.#levels[level]![index]!;
      if (word === 0) return -1;
      index = index * 32 + 31 - Math.clz32(word & -word);
    }
    return index;
  }
}
