// How a host behaves on the wire. The engine behind it is the real one and honest; a liar's words are changed on their
// way out, and what it should not answer is answered for it.

import { readUint32 } from '../../base/bytes.ts';
import type { Random } from '../../base/clock.ts';
import { HANDSHAKE_BYTES } from '../../protocol/wire/handshake.ts';
import {
  BITFIELD,
  CHOKE,
  EXTENDED,
  HAVE_ALL,
  HAVE_NONE,
  INTERESTED,
  REJECT,
  REQUEST,
  UNCHOKE,
} from '../../protocol/wire/message-id.ts';
import { HAVE_ALL_MESSAGE, UNCHOKE_MESSAGE } from '../../protocol/wire/message-writer.ts';
import { lieAboutMetadata, type MetadataLie } from './metadata-lies.ts';
import type { PortLink } from './port-link.ts';
import { badStamp } from './shared-torrent.ts';

export interface Manners {
  /** What really goes out instead of these bytes; `undefined` for nothing. */
  speak(link: PortLink, bytes: Uint8Array): Uint8Array | undefined;
  /** A message came, without its length prefix. False when the engine is not to hear of it. */
  hear(link: PortLink, message: Uint8Array): boolean;
  /** What is sent instead of this block. */
  blockStamp(stamp: number): number;
}

export const HONEST: Manners = {
  speak: (_link, bytes) => bytes,
  hear: () => true,
  blockStamp: (stamp) => stamp,
};

/** In which ways a host lies. */
export interface Lies {
  /** Share of its blocks that are not what they should be. */
  readonly corrupts?: number;
  /** Says that it has everything, and answers each request with rubbish, or not at all. */
  readonly claimsAll?: 'rubbish' | 'silence';
  /** Never unchokes anybody. */
  readonly chokesAll?: boolean;
  readonly metadata?: MetadataLie;
}

export class LyingManners implements Manners {
  readonly #lies: Lies;
  readonly #random: Random;

  constructor(lies: Lies, random: Random) {
    this.#lies = lies;
    this.#random = random;
  }

  speak(_link: PortLink, bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.length === HANDSHAKE_BYTES && bytes[0] === 19) return bytes;
    const { claimsAll, chokesAll, metadata } = this.#lies;
    const id = bytes.length > 4 ? bytes[4]! : -1;
    if (chokesAll && id === UNCHOKE) return undefined;
    if (metadata !== undefined && id === EXTENDED) return lieAboutMetadata(metadata, bytes);
    if (claimsAll === undefined) return bytes;
    if (id === HAVE_NONE || id === BITFIELD || id === HAVE_ALL) return HAVE_ALL_MESSAGE;
    return id === CHOKE || id === UNCHOKE || id === REJECT ? undefined : bytes;
  }

  hear(link: PortLink, message: Uint8Array): boolean {
    const { claimsAll } = this.#lies;
    if (claimsAll === undefined) return true;
    if (message[0] === INTERESTED) link.wire?.send(UNCHOKE_MESSAGE);
    if (message[0] !== REQUEST) return true;
    if (claimsAll === 'rubbish') {
      const [piece, begin, length] = [readUint32(message, 1), readUint32(message, 5), readUint32(message, 9)];
      link.fabricate({ piece, begin, length, stamp: badStamp(this.#random) });
    }
    return false;
  }

  blockStamp(stamp: number): number {
    const { corrupts = 0 } = this.#lies;
    return corrupts > 0 && this.#random.next() < corrupts ? badStamp(this.#random) : stamp;
  }
}
