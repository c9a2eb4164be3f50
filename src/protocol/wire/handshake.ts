// The 68 bytes that open every connection (BEP 3, "peer protocol"), with the reserved bits that announce
// the extension protocol (BEP 10), the fast extension (BEP 6) and the DHT (BEP 5).
import { assert } from '../../base/assert.ts';
import { fromLatin1 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';

/** Length of a handshake in bytes. */
export const HANDSHAKE_BYTES = 68;

const PREFIX = fromLatin1('\x13BitTorrent protocol');

/** By so many bytes a handshake is known for certain. */
export const HANDSHAKE_PREFIX_BYTES: number = PREFIX.length;

const RESERVED_OFFSET = 20;
const INFO_HASH_OFFSET = 28;
const PEER_ID_OFFSET = 48;

const EXTENSIONS_BYTE = RESERVED_OFFSET + 5;
const EXTENSIONS_BIT = 0x10;
const LAST_RESERVED_BYTE = RESERVED_OFFSET + 7;
const FAST_BIT = 0x04;
const DHT_BIT = 0x01;

/** What a peer offers in the reserved bits. */
interface ReservedFlags {
  /** It speaks the extension protocol (BEP 10). */
  readonly extensions: boolean;
  /** It speaks the fast extension (BEP 6). */
  readonly fast: boolean;
  /** It runs a DHT node and will tell its port (BEP 5). */
  readonly dht: boolean;
}

export interface Handshake extends ReservedFlags {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
}

/** The 68 bytes of a handshake, in memory of their own. */
export function encodeHandshake(handshake: Handshake): Uint8Array {
  assert(handshake.infoHash.length === 20 && handshake.peerId.length === 20, 'info hash and peer id have 20 bytes');
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  bytes.set(PREFIX);
  if (handshake.extensions) bytes[EXTENSIONS_BYTE]! |= EXTENSIONS_BIT;
  if (handshake.fast) bytes[LAST_RESERVED_BYTE]! |= FAST_BIT;
  if (handshake.dht) bytes[LAST_RESERVED_BYTE]! |= DHT_BIT;
  bytes.set(handshake.infoHash, INFO_HASH_OFFSET);
  bytes.set(handshake.peerId, PEER_ID_OFFSET);
  return bytes;
}

/**
 * Reads a handshake. `infoHash` and `peerId` are views of `bytes`: copy what is to be kept.
 * Throws PeerError ERR_WIRE_HANDSHAKE when these are not the 68 bytes of a BitTorrent handshake. Unknown reserved bits
 * are ignored: they belong to extensions that we do not speak.
 */
export function decodeHandshake(bytes: Uint8Array): Handshake {
  if (bytes.length !== HANDSHAKE_BYTES) {
    throw new PeerError('ERR_WIRE_HANDSHAKE', `The peer's handshake has ${bytes.length} bytes instead of 68.`);
  }
  if (!startsLikeHandshake(bytes)) {
    throw new PeerError('ERR_WIRE_HANDSHAKE', 'The peer does not speak BitTorrent: its handshake starts differently.');
  }
  return {
    infoHash: bytes.subarray(INFO_HASH_OFFSET, PEER_ID_OFFSET),
    peerId: bytes.subarray(PEER_ID_OFFSET, HANDSHAKE_BYTES),
    extensions: (bytes[EXTENSIONS_BYTE]! & EXTENSIONS_BIT) !== 0,
    fast: (bytes[LAST_RESERVED_BYTE]! & FAST_BIT) !== 0,
    dht: (bytes[LAST_RESERVED_BYTE]! & DHT_BIT) !== 0,
  };
}

/** True while what has come in so far can still become a handshake: judged early, a stranger is dropped at its first byte. */
export function startsLikeHandshake(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, PREFIX.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== PREFIX[i]) return false;
  return true;
}
