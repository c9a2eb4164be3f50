// Addresses that we have nothing to do with: sorted ranges that do not touch, searched by halving. IPv4 takes 8 bytes a
// range, IPv6 32; an IPv4 address in IPv6 clothes (::ffff:a.b.c.d) is the IPv4 address. Never changes once it is built.
import { readUint32 } from '../../base/bytes.ts';
import { parseIpv4 } from '../../protocol/filter/ipv4-text.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';

/** 32-bit words of an IPv6 address. */
export const IPV6_WORDS = 4;
/** Third word of the addresses that carry one of IPv4; those before it are 0. */
const MAPPED_WORD = 0xffff;

/** Ranges of one family, both ends included: ascending, apart from each other. Equal lengths. */
export interface SortedRanges {
  readonly firsts: Uint32Array;
  readonly lasts: Uint32Array;
}

export class IpFilter {
  readonly #ipv4: SortedRanges;
  /** IPV6_WORDS words an address. */
  readonly #ipv6: SortedRanges;
  readonly #words = new Uint32Array(IPV6_WORDS);

  constructor(ipv4: SortedRanges, ipv6: SortedRanges) {
    this.#ipv4 = ipv4;
    this.#ipv6 = ipv6;
  }

  /** Ranges that are left after merging. */
  get size(): number {
    return this.#ipv4.firsts.length + this.#ipv6.firsts.length / IPV6_WORDS;
  }

  /** Whether an address lies in a range; false for a name, which is no address yet. */
  blocks(host: string): boolean {
    const ipv4 = parseIpv4(host);
    if (ipv4 >= 0) return this.#blocksIpv4(ipv4);
    if (!host.includes(':')) return false;
    const zone = host.indexOf('%');
    const bytes = encodeAddress(zone < 0 ? host : host.slice(0, zone));
    if (bytes === undefined) return false;
    if (bytes.length === 4) return this.#blocksIpv4(readUint32(bytes, 0));
    for (let word = 0; word < IPV6_WORDS; word++) this.#words[word] = readUint32(bytes, word * 4);
    const [a, b, c, d] = this.#words;
    return a === 0 && b === 0 && c === MAPPED_WORD ? this.#blocksIpv4(d!) : this.#blocksIpv6();
  }

  #blocksIpv4(address: number): boolean {
    const { firsts, lasts } = this.#ipv4;
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (firsts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low > 0 && address <= lasts[low - 1]!;
  }

  #blocksIpv6(): boolean {
    const { firsts, lasts } = this.#ipv6;
    let low = 0;
    let high = firsts.length / IPV6_WORDS;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWords(firsts, middle * IPV6_WORDS, this.#words, 0) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compareWords(this.#words, 0, lasts, (low - 1) * IPV6_WORDS) <= 0;
  }
}

/** Compares two IPv6 addresses: negative, 0 or positive. */
export function compareWords(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let word = 0; word < IPV6_WORDS; word++) {
    const difference = a[atA + word]! - b[atB + word]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether these words are those of an IPv4 address in IPv6 clothes. */
export function isMapped(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === MAPPED_WORD;
}
