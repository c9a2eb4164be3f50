// What a host has asked for, over all its links: how often a block was requested that another link still owed, before
// and from the beginning of endgame on. What endgame asked for twice may still be owed when a piece fails and its blocks
// are asked for again, so that after it no repetition is held against the picker.
import { toHex } from '../../base/bytes.ts';
import type { PortLink } from './port-link.ts';

/** Tells whether a torrent is at its end, where blocks may be asked for twice. */
export type EndgameCheck = (infoHash: Uint8Array) => boolean;

export class RequestLog {
  /** Blocks requested, twins included. */
  requests = 0;
  /** Blocks requested that another link owed: in endgame, and before. */
  endgameTwins = 0;
  earlyTwins = 0;
  readonly #endgame: EndgameCheck;
  /** Torrents that have been in endgame. */
  readonly #ending = new Set<string>();
  /** How many links owe a block, by torrent and block. */
  readonly #owed = new Map<string, number>();

  constructor(endgame: EndgameCheck) {
    this.#endgame = endgame;
  }

  asked(link: PortLink, piece: number, begin: number): void {
    const key = keyOf(link, piece, begin);
    const owed = this.#owed.get(key) ?? 0;
    this.#owed.set(key, owed + 1);
    this.requests++;
    if (owed === 0) return;
    const torrent = toHex(link.infoHash!);
    if (this.#endgame(link.infoHash!)) this.#ending.add(torrent);
    if (this.#ending.has(torrent)) this.endgameTwins++;
    else this.earlyTwins++;
  }

  answered(link: PortLink, piece: number, begin: number): void {
    const key = keyOf(link, piece, begin);
    const owed = this.#owed.get(key)! - 1;
    if (owed === 0) this.#owed.delete(key);
    else this.#owed.set(key, owed);
  }
}

function keyOf(link: PortLink, piece: number, begin: number): string {
  const [first, second, third] = link.infoHash!;
  return `${(first! << 16) | (second! << 8) | third!}:${piece}:${begin}`;
}
