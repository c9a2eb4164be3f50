// How much a peer talks: what its messages cost us, in HAVEs, worn off by time. An honest one is never near the bound; whoever
// is beyond it is shown out with the very message, so that a fast line does not keep us busy until the next tick.
import { BITFIELD, EXTENDED, REQUEST } from '../../protocol/wire/message-id.ts';
import {
  EXTENDED_MESSAGE_COST,
  HANDSHAKE_BYTES_PER_MESSAGE,
  MESSAGES_BURST_MAX,
  MESSAGES_PER_SECOND_MAX,
  PLAIN_BYTES_PER_MESSAGE,
} from './limits.ts';

/** The extended id of an extended handshake (BEP 10): it alone of the extended messages is a tree of any shape. */
const HANDSHAKE = 0;

/** What a message costs. A REQUEST is judged by whether it was granted (`asked` in the torrent's peer relations). */
export function costOf(id: number, payload: Uint8Array): number {
  if (id === REQUEST) return 0;
  if (id !== EXTENDED) return 1 + (id === BITFIELD ? payload.length / PLAIN_BYTES_PER_MESSAGE : 0);
  return payload[0] === HANDSHAKE ? 1 + payload.length / HANDSHAKE_BYTES_PER_MESSAGE : EXTENDED_MESSAGE_COST;
}

/** The account of one peer. */
export class Talk {
  #debt = 0;
  #sinceMs = 0;

  /** Charges so much; returns false when that is more than anybody honest has to say to a torrent of so many pieces. */
  bears(cost: number, nowMs: number, pieceCount: number): boolean {
    const wornOff = ((nowMs - this.#sinceMs) * MESSAGES_PER_SECOND_MAX) / 1000;
    this.#debt = Math.max(0, this.#debt - wornOff) + cost;
    this.#sinceMs = nowMs;
    return this.#debt <= MESSAGES_BURST_MAX + pieceCount;
  }
}
