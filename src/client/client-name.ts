// What Millrace calls itself: its version, the mark in its peer ids (BEP 20) and its HTTP user agent.
import { randomBytes } from 'node:crypto';

/**
 * The version of this package. Written here and not read from package.json, so that a bundled program has it too; a
 * test keeps the two equal.
 */
export const VERSION = '0.1.0';

/** What trackers, web seeds and hosts of torrent files are told. */
export const USER_AGENT: string = `millrace/${VERSION}`;

/** The mark that opens our peer ids: `-MR`, a character for each part of the version, a zero, a dash. */
export const PEER_ID_PREFIX: string = `-MR${VERSION.split('.')
  .map((part) => Number(part).toString(36).toUpperCase())
  .join('')}0-`;

/** A peer id (BEP 3): the prefix and 12 random bytes. A client uses one for as long as it lives. */
export function makePeerId(): Uint8Array {
  const id = new Uint8Array(20);
  id.set(Buffer.from(PEER_ID_PREFIX, 'latin1'));
  id.set(randomBytes(20 - PEER_ID_PREFIX.length), PEER_ID_PREFIX.length);
  return id;
}
