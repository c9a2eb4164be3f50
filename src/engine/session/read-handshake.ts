// The handshake of a link, where a bad one is nobody's error: the link is closed, and that is all.
import { PeerError } from '../../base/errors.ts';
import { decodeHandshake, type Handshake } from '../../protocol/wire/handshake.ts';

/** `undefined` when the bytes are no handshake of BitTorrent's. */
export function readHandshake(bytes: Uint8Array): Handshake | undefined {
  try {
    return decodeHandshake(bytes);
  } catch (error) {
    if (error instanceof PeerError) return undefined;
    throw error;
  }
}
