// Peer exchange messages (BEP 11, `ut_pex`): which peers the sender met and which it lost since its last message.
import { readUint16, writeUint16 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { decodeBencodePrefix } from '../bencode/bencode-decoder.ts';
import { encodeBencode } from '../bencode/bencode-encoder.ts';
import { BencodeError } from '../bencode/bencode-error.ts';
import { BencodeDictionary } from '../bencode/bencode-value.ts';
import { PEX_ENTRIES_READ_MAX, PEX_LIMITS } from '../limits.ts';
import type { PeerEndpoint } from '../tracker/announce.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import { type AddressFamily, decodeAddress } from '../tracker/compact-peers.ts';

/** What the sender knows of a peer that it added: bits of its flags. */
export const PEX_FLAGS = {
  /** It prefers encrypted connections. */
  encryption: 0x01,
  /** It is a seed, or wants nothing more. */
  seed: 0x02,
  /** It speaks uTP. */
  utp: 0x04,
  /** It speaks ut_holepunch (BEP 55). */
  holepunch: 0x08,
  /** The sender dialled it: it can be reached. */
  outgoing: 0x10,
} as const;

/** A peer that the sender met. */
export interface PexAdded extends PeerEndpoint {
  /** PEX_FLAGS bits. */
  readonly flags: number;
}

/** A message; both lists hold IPv4 and IPv6 addresses. */
export interface PexMessage {
  readonly added: readonly PexAdded[];
  readonly dropped: readonly PeerEndpoint[];
}

const FAMILIES: readonly AddressFamily[] = [4, 6];
const SUFFIX = { 4: '', 6: '6' } as const;

/** The bencoded payload. Names instead of numeric addresses are left out, and so are keys without entries. */
export function encodePex(message: PexMessage): Uint8Array {
  const fields: Record<string, Uint8Array | undefined> = {};
  for (const family of FAMILIES) {
    const added = message.added.filter((peer) => familyOf(peer) === family);
    const dropped = message.dropped.filter((peer) => familyOf(peer) === family);
    const suffix = SUFFIX[family];
    if (added.length > 0) {
      fields[`added${suffix}`] = pack(added, family);
      fields[`added${suffix}.f`] = Uint8Array.from(added, ({ flags }) => flags);
    }
    if (dropped.length > 0) fields[`dropped${suffix}`] = pack(dropped, family);
  }
  return encodeBencode(fields);
}

/**
 * Reads a payload; at most PEX_ENTRIES_READ_MAX entries of each list and family. Port 0 is nobody's, an address that
 * is named twice is read once, and one that is added and dropped at the same time is added. Throws PeerError
 * ERR_WIRE_EXTENDED when it is no bencoded dictionary or beyond all limits.
 */
export function decodePex(payload: Uint8Array): PexMessage {
  const fields = decodeDictionary(payload);
  const added = new Map<string, PexAdded>();
  const dropped = new Map<string, PeerEndpoint>();
  for (const family of FAMILIES) {
    const suffix = SUFFIX[family];
    const flags = fields.byteString(`added${suffix}.f`);
    unpack(fields.byteString(`added${suffix}`), family, (peer, at) => {
      const key = `${peer.host}|${peer.port}`;
      if (!added.has(key)) added.set(key, { ...peer, flags: flags?.[at] ?? 0 });
    });
    unpack(fields.byteString(`dropped${suffix}`), family, (peer) => dropped.set(`${peer.host}|${peer.port}`, peer));
  }
  for (const key of added.keys()) dropped.delete(key);
  return { added: [...added.values()], dropped: [...dropped.values()] };
}

function decodeDictionary(payload: Uint8Array): BencodeDictionary {
  try {
    const { value } = decodeBencodePrefix(payload, { limits: PEX_LIMITS });
    if (value instanceof BencodeDictionary) return value;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    const message = `sent a broken peer exchange message: ${error.message}`;
    throw new PeerError('ERR_WIRE_EXTENDED', message, { cause: error });
  }
  throw new PeerError('ERR_WIRE_EXTENDED', 'sent a peer exchange message that is not a dictionary');
}

function unpack(
  list: Uint8Array | undefined,
  family: AddressFamily,
  each: (peer: PeerEndpoint, at: number) => void,
): void {
  if (list === undefined) return;
  const stride = family === 4 ? 6 : 18;
  const count = Math.min(Math.floor(list.length / stride), PEX_ENTRIES_READ_MAX);
  for (let at = 0; at < count; at++) {
    const entry = list.subarray(at * stride, (at + 1) * stride);
    const port = readUint16(entry, stride - 2);
    if (port !== 0) each({ host: decodeAddress(entry.subarray(0, stride - 2))!, port }, at);
  }
}

function pack(peers: readonly PeerEndpoint[], family: AddressFamily): Uint8Array {
  const stride = family === 4 ? 6 : 18;
  const bytes = new Uint8Array(peers.length * stride);
  peers.forEach(({ host, port }, at) => {
    bytes.set(encodeAddress(host)!, at * stride);
    writeUint16(bytes, (at + 1) * stride - 2, port);
  });
  return bytes;
}

function familyOf({ host }: PeerEndpoint): AddressFamily | undefined {
  const bytes = encodeAddress(host);
  return bytes && (bytes.length === 4 ? 4 : 6);
}
