// A numeric address as bytes: 4 of IPv4, 16 of IPv6, the way compact peers hold it (BEP 23, BEP 7). The way back is
// in compact-peers.ts.
import { writeUint16 } from '../../base/bytes.ts';

const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** Bytes of a numeric address; IPv4 in IPv6 clothes is told as IPv4. `undefined` for names and for addresses with a zone. */
export function encodeAddress(host: string): Uint8Array | undefined {
  if (!host.includes(':')) return encodeIpv4(host);
  const mapped = /^::ffff:([0-9.]+)$/i.exec(host)?.[1];
  return mapped?.includes('.') ? encodeIpv4(mapped) : encodeIpv6(host);
}

function encodeIpv4(host: string): Uint8Array | undefined {
  // Digit by digit: the DHT asks this of every node that it hears of.
  const bytes = new Uint8Array(4);
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at);
    if (code === DOT && digits > 0 && part < 3) {
      bytes[part++] = value;
      digits = 0;
      value = 0;
      continue;
    }
    value = value * 10 + (code - DIGIT_0);
    if (code < DIGIT_0 || code > DIGIT_9 || ++digits > 3 || value > 255) return undefined;
  }
  if (part !== 3 || digits === 0) return undefined;
  bytes[3] = value;
  return bytes;
}

function encodeIpv6(host: string): Uint8Array | undefined {
  const halves = host.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail] = halves;
  const groups = head.length + (tail?.length ?? 0);
  const whole = tail === undefined ? groups === 8 : groups < 8;
  if (halves.length > 2 || !whole || ![...head, ...(tail ?? [])].every((group) => GROUP.test(group))) return undefined;
  const bytes = new Uint8Array(16);
  head.forEach((group, at) => {
    writeUint16(bytes, at * 2, Number.parseInt(group, 16));
  });
  tail?.forEach((group, at) => {
    writeUint16(bytes, 16 - (tail.length - at) * 2, Number.parseInt(group, 16));
  });
  return bytes;
}
