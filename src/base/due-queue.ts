// What is to be done when: a binary heap whose items can be taken out and put elsewhere at any time.

export class DueQueue<T> {
  readonly #items: T[] = [];
  readonly #dueMs: number[] = [];
  readonly #places = new Map<T, number>();

  /** The item is due then, and not when it was due before. */
  set(item: T, dueMs: number): void {
    this.delete(item);
    this.#put(item, dueMs, this.#items.length);
    this.#rise(this.#items.length - 1);
  }

  /** Returns whether it was there. */
  delete(item: T): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const last = this.#items.pop()!;
    const lastMs = this.#dueMs.pop()!;
    if (place === this.#items.length) return true;
    this.#put(last, lastMs, place);
    this.#rise(place);
    this.#sink(this.#places.get(last)!);
    return true;
  }

  /** Takes out the item that is due longest, if one is. */
  take(nowMs: number): T | undefined {
    if (this.#items.length === 0 || this.#dueMs[0]! > nowMs) return undefined;
    const [first] = this.#items;
    this.delete(first!);
    return first;
  }

  #put(item: T, dueMs: number, place: number): void {
    this.#items[place] = item;
    this.#dueMs[place] = dueMs;
    this.#places.set(item, place);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (this.#dueMs[parent]! <= this.#dueMs[at]!) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      if (left >= this.#items.length) return;
      const least = right < this.#items.length && this.#dueMs[right]! < this.#dueMs[left]! ? right : left;
      if (this.#dueMs[at]! <= this.#dueMs[least]!) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a]!;
    const dueMs = this.#dueMs[a]!;
    this.#put(this.#items[b]!, this.#dueMs[b]!, a);
    this.#put(item, dueMs, b);
  }
}
