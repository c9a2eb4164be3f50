// A Set that costs next to nothing while it is empty (sparse-map.ts says why).

export class SparseSet<T> {
  /** Made with the first member. */
  #set: Set<T> | undefined;

  get size(): number {
    return this.#set === undefined ? 0 : this.#set.size;
  }

  has(member: T): boolean {
    return this.#set?.has(member) ?? false;
  }

  add(member: T): this {
    this.#set ??= new Set();
    this.#set.add(member);
    return this;
  }

  delete(member: T): boolean {
    return this.#set?.delete(member) ?? false;
  }

  clear(): void {
    // Whoever goes through it at this moment is through.
    this.#set?.clear();
    this.#set = undefined;
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#set ?? [])[Symbol.iterator]();
  }
}
