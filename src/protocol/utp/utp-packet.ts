// uTP packets as they stand in a datagram (BEP 29): the header, its chain of extensions, and the selective acknowledgements.
// Reading fills a header that is used again and again, so that a packet costs no memory.
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';

/** Types of packets. */
export const UTP_DATA = 0;
export const UTP_FIN = 1;
export const UTP_STATE = 2;
export const UTP_RESET = 3;
export const UTP_SYN = 4;

export const UTP_HEADER_BYTES = 20;

/** A bit per packet, for those behind the first missing one. */
export const EXTENSION_SELECTIVE_ACK = 1;
/** No extension that anybody knows: what everybody skips fills a packet up to the size that is to be tried. */
export const EXTENSION_PADDING = 113;

const VERSION = 1;
const EXTENSION_HEADER_BYTES = 2;
const EXTENSION_BYTES_MAX = 255;

/** The fields of a packet. Times are in microseconds, modulo 2³². */
export class UtpHeader {
  type = 0;
  connectionId = 0;
  timestampUs = 0;
  /** How long the last packet of the other direction took, clocks' difference included. */
  delayUs = 0;
  windowBytes = 0;
  sequence = 0;
  acknowledged = 0;
  /** The bits of the selective acknowledgement are these bytes of the packet. The first is for `acknowledged` + 2. */
  maskAt = 0;
  maskBytes = 0;
  /** Where the payload begins. */
  payloadAt = 0;
}

/** Reads a packet into `header`; false when it is none. */
export function readUtpPacket(packet: Uint8Array, header: UtpHeader): boolean {
  if (packet.length < UTP_HEADER_BYTES || (packet[0]! & 0x0f) !== VERSION || packet[0]! >> 4 > UTP_SYN) return false;
  header.type = packet[0]! >> 4;
  header.connectionId = readUint16(packet, 2);
  header.timestampUs = readUint32(packet, 4);
  header.delayUs = readUint32(packet, 8);
  header.windowBytes = readUint32(packet, 12);
  header.sequence = readUint16(packet, 16);
  header.acknowledged = readUint16(packet, 18);
  header.maskBytes = 0;
  let at = UTP_HEADER_BYTES;
  for (let extension = packet[1]!; extension !== 0; ) {
    if (at + EXTENSION_HEADER_BYTES > packet.length) return false;
    const next = packet[at]!;
    const bytes = packet[at + 1]!;
    at += EXTENSION_HEADER_BYTES;
    if (at + bytes > packet.length) return false;
    if (extension === EXTENSION_SELECTIVE_ACK) {
      header.maskAt = at;
      header.maskBytes = bytes;
    }
    at += bytes;
    extension = next;
  }
  header.payloadAt = at;
  return true;
}

/** Writes the twenty bytes of `header`; of extensions, only the type of the first one. */
export function writeUtpHeader(packet: Uint8Array, header: UtpHeader, firstExtension: number): void {
  packet[0] = (header.type << 4) | VERSION;
  packet[1] = firstExtension;
  writeUint16(packet, 2, header.connectionId);
  writeUint32(packet, 4, header.timestampUs);
  writeUint32(packet, 8, header.delayUs);
  writeUint32(packet, 12, header.windowBytes);
  writeUint16(packet, 16, header.sequence);
  writeUint16(packet, 18, header.acknowledged);
}

/** Whether bit `index` of a selective acknowledgement is set. */
export function maskHas(packet: Uint8Array, maskAt: number, index: number): boolean {
  return (packet[maskAt + (index >> 3)]! & (1 << (index & 7))) !== 0;
}

/**
 * Writes extensions of `count` bytes in all (at least 2) that say nothing, as the last of their chain, behind the header.
 * The first one's type is EXTENSION_PADDING.
 */
export function writePadding(packet: Uint8Array, count: number): void {
  const end = UTP_HEADER_BYTES + count;
  for (let at = UTP_HEADER_BYTES; at < end; ) {
    let bytes = Math.min(end - at - EXTENSION_HEADER_BYTES, EXTENSION_BYTES_MAX);
    const left = end - at - EXTENSION_HEADER_BYTES - bytes;
    // A rest of one byte could not hold the next extension's header.
    if (left === 1) bytes--;
    packet[at] = left === 0 ? 0 : EXTENSION_PADDING;
    packet[at + 1] = bytes;
    packet.fill(0, at + EXTENSION_HEADER_BYTES, at + EXTENSION_HEADER_BYTES + bytes);
    at += EXTENSION_HEADER_BYTES + bytes;
  }
}

/** How far `later` is ahead of `earlier`, in the circle of 16-bit sequence numbers: 0 … 65535. */
export function ahead(later: number, earlier: number): number {
  return (later - earlier) & 0xffff;
}
