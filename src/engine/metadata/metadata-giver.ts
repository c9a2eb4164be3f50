// Gives our metadata to those who ask for it (BEP 9): a few pieces per tick and peer, so that a large one neither
// crowds out blocks nor fills a socket's queue, and not for ever to the same peer.
import { SparseMap } from '../../base/sparse-map.ts';
import {
  decodeMetadataMessage,
  encodeMetadataMessage,
  METADATA_PIECE_BYTES,
  type MetadataMessage,
} from '../../protocol/extension/metadata-message.ts';
import type { LinkId } from '../ports.ts';
import type { Peer } from '../swarm/peer.ts';
import { METADATA_COPIES_PER_PEER, METADATA_PIECES_PER_TICK, METADATA_QUEUE_MAX } from './limits.ts';

interface Asker {
  readonly queue: number[];
  given: number;
  /** Pieces that it may have before the next tick. */
  allowance: number;
}

/** The giving half of ut_metadata, for one torrent. */
export class MetadataGiver {
  readonly #infoBytes: Uint8Array;
  readonly #pieceCount: number;
  readonly #send: (link: LinkId, payload: Uint8Array) => void;
  readonly #askers = new SparseMap<LinkId, Asker>();

  /** `send` wraps a ut_metadata payload for a peer and sends it. */
  constructor(infoBytes: Uint8Array, send: (link: LinkId, payload: Uint8Array) => void) {
    this.#infoBytes = infoBytes;
    this.#pieceCount = Math.ceil(infoBytes.length / METADATA_PIECE_BYTES);
    this.#send = send;
  }

  /** Takes in a ut_metadata message. We ask nobody, so only requests mean something. Throws PeerError. */
  hear(peer: Peer, payload: Uint8Array): void {
    const message = decodeMetadataMessage(payload);
    if (message?.type === 'request') this.asked(peer.link, message.piece);
  }

  /** A peer asks for a piece: it gets it now or soon, or a refusal at once. */
  asked(link: LinkId, piece: number): void {
    const asker = this.#askers.get(link) ?? { queue: [], given: 0, allowance: METADATA_PIECES_PER_TICK };
    this.#askers.set(link, asker);
    const most = this.#pieceCount * METADATA_COPIES_PER_PEER;
    if (piece >= this.#pieceCount || asker.given >= most || asker.queue.length >= METADATA_QUEUE_MAX) {
      return this.#send(link, encodeMetadataMessage({ type: 'reject', piece }));
    }
    asker.given++;
    asker.queue.push(piece);
    this.#give(link, asker);
  }

  forget(link: LinkId): void {
    this.#askers.delete(link);
  }

  /** Control tick. */
  tick(): void {
    for (const [link, asker] of this.#askers) {
      asker.allowance = METADATA_PIECES_PER_TICK;
      this.#give(link, asker);
    }
  }

  #give(link: LinkId, asker: Asker): void {
    for (; asker.allowance > 0 && asker.queue.length > 0; asker.allowance--) {
      const piece = asker.queue.shift()!;
      const begin = piece * METADATA_PIECE_BYTES;
      const bytes = this.#infoBytes.subarray(begin, begin + METADATA_PIECE_BYTES);
      const message: MetadataMessage = { type: 'data', piece, totalBytes: this.#infoBytes.length, bytes };
      this.#send(link, encodeMetadataMessage(message));
    }
  }
}
