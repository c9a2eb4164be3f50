// Who stands behind an address, as far as that can be told: whoever has one line to the internet is one, however many
// addresses came with it. An IPv4 address counts as one subscriber, and so does a /64 of IPv6, which is what everybody gets.
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';

const IPV4_BYTES = 4;
const SUBNET_BYTES = 8;

/** The text under which a subscriber is counted, whatever form the address has (`::ffff:1.2.3.4`). A name that is to be resolved stands for itself. */
export function subscriberOf(host: string): string {
  const bytes = encodeAddress(host);
  if (bytes === undefined) return host;
  return bytes.subarray(0, bytes.length === IPV4_BYTES ? IPV4_BYTES : SUBNET_BYTES).join('.');
}
