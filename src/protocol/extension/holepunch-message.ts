// `ut_holepunch` (BEP 55): a peer that both sides are connected to introduces them, so that both dial at once.
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import type { PeerEndpoint } from '../tracker/announce.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';

/** What a message is for, in the order of its numbers. */
const TYPES = ['rendezvous', 'connect', 'error'] as const;

/** Why an introduction was no use. */
export const HOLEPUNCH_ERRORS = {
  /** The endpoint is no address that anybody could have. */
  noSuchPeer: 1,
  /** The relay is not connected to the target. */
  notConnected: 2,
  /** The target does not speak ut_holepunch. */
  noSupport: 3,
  /** The target is the relay itself. */
  noSelf: 4,
} as const;

/** A message. */
export interface HolepunchMessage {
  /** `rendezvous` asks a relay for an introduction to `endpoint`, `connect` tells to dial it, `error` that it was no use. */
  readonly type: (typeof TYPES)[number];
  readonly endpoint: PeerEndpoint;
  /** One of HOLEPUNCH_ERRORS for an error, else 0. */
  readonly errorCode: number;
}

/** The payload. The endpoint has a numeric address. */
export function encodeHolepunch({ type, endpoint, errorCode }: HolepunchMessage): Uint8Array {
  const address = encodeAddress(endpoint.host) ?? new Uint8Array(4);
  const payload = new Uint8Array(8 + address.length);
  payload[0] = TYPES.indexOf(type);
  payload[1] = address.length === 4 ? 0 : 1;
  payload.set(address, 2);
  writeUint16(payload, 2 + address.length, endpoint.port);
  writeUint32(payload, 4 + address.length, errorCode);
  return payload;
}

/**
 * Reads a payload. libtorrent leaves the error code out where there is none, and whatever comes after it is for later
 * versions. `undefined` for types and address types that we do not know. Throws PeerError ERR_WIRE_EXTENDED when it is cut off.
 */
export function decodeHolepunch(payload: Uint8Array): HolepunchMessage | undefined {
  if (payload.length < 2) throw cutOff();
  const type = TYPES[payload[0]!];
  const addressType = payload[1]!;
  if (type === undefined || addressType > 1) return undefined;
  const end = addressType === 0 ? 6 : 18;
  const told = payload.length >= end + 6;
  if (payload.length < end + 2 || (type === 'error' && !told)) throw cutOff();
  const endpoint = { host: decodeAddress(payload.subarray(2, end))!, port: readUint16(payload, end) };
  return { type, endpoint, errorCode: type === 'error' ? readUint32(payload, end + 2) : 0 };
}

function cutOff(): PeerError {
  return new PeerError('ERR_WIRE_EXTENDED', 'sent a ut_holepunch message that is cut off');
}
