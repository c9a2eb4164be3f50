// Collects ranges in any order, overlapping as they like, and makes a filter of them.
import { readUint32 } from '../../base/bytes.ts';
import type { IpRangeSink } from '../../protocol/filter/ip-list-parser.ts';
import { compareWords, IPV6_WORDS, IpFilter, isMapped, type SortedRanges } from './ip-filter.ts';
import { IP_RANGES_MAX } from './limits.ts';

const FIRST_CAPACITY = 1024;

export class IpFilterBuilder implements IpRangeSink {
  /** Ranges beyond IP_RANGES_MAX of their family: they were left out. */
  excess = 0;
  readonly #ipv4 = new RangePile(1);
  readonly #ipv6 = new RangePile(IPV6_WORDS);
  readonly #words = new Uint32Array(2 * IPV6_WORDS);

  ipv4(first: number, last: number): void {
    this.#words[0] = first;
    this.#words[1] = last;
    if (!this.#ipv4.add(this.#words, 0, 1)) this.excess++;
  }

  ipv6(first: Uint8Array, last: Uint8Array): void {
    const words = this.#words;
    for (let word = 0; word < IPV6_WORDS; word++) {
      words[word] = readUint32(first, word * 4);
      words[IPV6_WORDS + word] = readUint32(last, word * 4);
    }
    if (isMapped(words, 0) && isMapped(words, IPV6_WORDS)) return this.ipv4(words[3]!, words[7]!);
    if (!this.#ipv6.add(words, 0, IPV6_WORDS)) this.excess++;
  }

  build(): IpFilter {
    return new IpFilter(mergeIpv4(this.#ipv4), mergeIpv6(this.#ipv6));
  }
}

/** Ranges of one family in the order in which they came. */
class RangePile {
  count = 0;
  firsts: Uint32Array;
  lasts: Uint32Array;
  readonly #words: number;

  constructor(words: number) {
    this.#words = words;
    this.firsts = new Uint32Array(FIRST_CAPACITY * words);
    this.lasts = new Uint32Array(FIRST_CAPACITY * words);
  }

  /** Returns false when there is no room for more. */
  add(source: Uint32Array, first: number, last: number): boolean {
    if (this.count === IP_RANGES_MAX) return false;
    const words = this.#words;
    const at = this.count++ * words;
    if (at === this.firsts.length) {
      this.firsts = grown(this.firsts);
      this.lasts = grown(this.lasts);
    }
    for (let word = 0; word < words; word++) {
      this.firsts[at + word] = source[first + word]!;
      this.lasts[at + word] = source[last + word]!;
    }
    return true;
  }
}

function grown(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function mergeIpv4({ count, firsts, lasts }: RangePile): SortedRanges {
  // An address and a position of 20 bits fit into a double: numbers sort many times faster than by a comparison.
  const keys = new Float64Array(count);
  for (let at = 0; at < count; at++) keys[at] = firsts[at]! * IP_RANGES_MAX + at;
  keys.sort();
  const merged = { firsts: new Uint32Array(count), lasts: new Uint32Array(count) };
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const at = keys[index]! % IP_RANGES_MAX;
    const first = firsts[at]!;
    const last = lasts[at]!;
    if (kept > 0 && first <= merged.lasts[kept - 1]! + 1) {
      if (last > merged.lasts[kept - 1]!) merged.lasts[kept - 1] = last;
      continue;
    }
    merged.firsts[kept] = first;
    merged.lasts[kept++] = last;
  }
  return { firsts: merged.firsts.slice(0, kept), lasts: merged.lasts.slice(0, kept) };
}

function mergeIpv6({ count, firsts, lasts }: RangePile): SortedRanges {
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = at;
  order.sort((a, b) => compareWords(firsts, a * IPV6_WORDS, firsts, b * IPV6_WORDS));
  const merged = { firsts: new Uint32Array(count * IPV6_WORDS), lasts: new Uint32Array(count * IPV6_WORDS) };
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const at = order[index]! * IPV6_WORDS;
    const before = (kept - 1) * IPV6_WORDS;
    const last = lasts.subarray(at, at + IPV6_WORDS);
    if (kept > 0 && compareWords(firsts, at, merged.lasts, before) <= 0) {
      if (compareWords(lasts, at, merged.lasts, before) > 0) merged.lasts.set(last, before);
      continue;
    }
    merged.firsts.set(firsts.subarray(at, at + IPV6_WORDS), kept * IPV6_WORDS);
    merged.lasts.set(last, kept++ * IPV6_WORDS);
  }
  return { firsts: merged.firsts.slice(0, kept * IPV6_WORDS), lasts: merged.lasts.slice(0, kept * IPV6_WORDS) };
}
