// How many connections there are with each host. Nobody may have them all for the price of one address: an IPv4 address
// counts as one host, and so does a /64 of IPv6, which is what one subscriber gets.
import { SparseMap } from '../../base/sparse-map.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import { LINKS_PER_HOST_MAX } from '../limits.ts';
import { isLoopback } from './candidates.ts';

const IPV4_BYTES = 4;
const SUBNET_BYTES = 8;

export class HostCounts {
  readonly #counts = new SparseMap<string, number>();

  add(host: string): void {
    const key = keyOf(host);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(host: string): void {
    const key = keyOf(host);
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }

  /** Whether there are as many as there may be. On loopback many clients share one host, and none of them is a stranger. */
  readonly isCrowded = (host: string): boolean =>
    !isLoopback(host) && (this.#counts.get(keyOf(host)) ?? 0) >= LINKS_PER_HOST_MAX;
}

/** A name that is to be resolved stands for itself. */
function keyOf(host: string): string {
  const bytes = encodeAddress(host);
  if (bytes === undefined) return host;
  return bytes.subarray(0, bytes.length === IPV4_BYTES ? IPV4_BYTES : SUBNET_BYTES).join('.');
}
