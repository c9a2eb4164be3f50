// A Download that a test drives by hand: no host, no torrent, only what is decided.
import { Bitfield } from '../../base/bitfield.ts';
import { SlotLedger } from '../../engine/memory/slot-ledger.ts';
import { REVOKE_LINK, REVOKE_STRIDE } from '../../engine/picker/arrivals.ts';
import { Download } from '../../engine/picker/download.ts';
import { DownloadPeer } from '../../engine/picker/download-peer.ts';
import { PeerPieces } from '../../engine/picker/peer-pieces.ts';
import {
  REQUEST_BEGIN,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
  RUN_INDEX,
  RUN_PIECE,
  RUN_STRIDE,
} from '../../engine/ports.ts';
import { Geometry, type PieceIndex } from '../../engine/torrent/geometry.ts';
import { SeededRandom } from '../seeded-random.ts';

/** A block that was asked for. */
export interface AskedBlock {
  readonly piece: PieceIndex;
  readonly begin: number;
  readonly place: number;
}

/** A download of `pieces` pieces with `frames` frames of memory, and shorthands to drive it by hand. */
export class DownloadBench {
  readonly geometry: Geometry;
  readonly ledger: SlotLedger;
  readonly download: Download;
  readonly batch: Int32Array = new Int32Array(4096 * REQUEST_STRIDE);
  #links = 0;

  constructor(pieces: number, pieceBytes: number, frames: number) {
    this.geometry = new Geometry(pieces * pieceBytes, pieceBytes);
    this.ledger = new SlotLedger(frames);
    this.download = new Download(this.geometry, this.ledger, new SeededRandom(1));
    this.download.picker.sequential = true;
  }

  peer(members?: readonly number[]): DownloadPeer {
    const have = new Bitfield(this.geometry.pieceCount);
    for (let piece = 0; piece < have.length; piece++) if (members?.includes(piece) ?? true) have.add(piece);
    const peer = new DownloadPeer(++this.#links, new PeerPieces(have));
    this.download.join(peer);
    return peer;
  }

  plan(peer: DownloadPeer, count: number): AskedBlock[] {
    return this.#read(this.download.planner.plan(peer, count, this.batch));
  }

  urgent(peer: DownloadPeer, count: number, nowMs = 0): AskedBlock[] {
    return this.#read(this.download.urgent.plan(peer, count, this.batch, nowMs));
  }

  span(peer: DownloadPeer, count: number): AskedBlock[] {
    return this.#read(this.download.spans.plan(peer, count, this.batch));
  }

  /** Up to `count` duplicates, planned one after the other. */
  endgame(peer: DownloadPeer, count: number): AskedBlock[] {
    const asked: AskedBlock[] = [];
    while (asked.length < count && this.download.endgame.plan(peer, this.batch) === 1) asked.push(...this.#read(1));
    return asked;
  }

  land(peer: DownloadPeer, blocks: readonly AskedBlock[]): void {
    for (const { piece, begin } of blocks) this.download.arrivals.landed(peer, piece, begin);
  }

  /** Runs that the disk gets now, as `piece/run`. */
  take(room = 100): string[] {
    const count = this.download.runs.take(1, this.batch, room);
    return Array.from({ length: count }, (_, at) => {
      return `${this.batch[at * RUN_STRIDE + RUN_PIECE]}/${this.batch[at * RUN_STRIDE + RUN_INDEX]}`;
    });
  }

  revoked(): number[] {
    const { records, count } = this.download.arrivals.revokes;
    return Array.from({ length: count }, (_, at) => records[at * REVOKE_STRIDE + REVOKE_LINK]!);
  }

  #read(count: number): AskedBlock[] {
    return Array.from({ length: count }, (_, at) => ({
      piece: this.batch[at * REQUEST_STRIDE + REQUEST_PIECE] as PieceIndex,
      begin: this.batch[at * REQUEST_STRIDE + REQUEST_BEGIN]!,
      place: this.batch[at * REQUEST_STRIDE + REQUEST_PLACE]!,
    }));
  }
}
