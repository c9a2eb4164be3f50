// Answers the requests of peers: disk → place → socket. A block gets a place of its own, is read into it by a disk
// worker, sent from it, and the place is free again when the socket is done. Only verified pieces are ever read.
import type { Bitfield } from '../../base/bitfield.ts';
import { encodeReject } from '../../protocol/wire/message-writer.ts';
import type { BlockRange } from '../../protocol/wire/messages.ts';
import { SERVES_PER_PEER_MAX, UPLOAD_MEMORY_SHARE, WANTED_PER_PEER_MAX } from '../limits.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import {
  type PeerPort,
  READ_BEGIN,
  READ_LENGTH,
  READ_PIECE,
  READ_PLACE,
  READ_STORE,
  READ_STRIDE,
  READ_TICKET,
  type ServedBlock,
  type StoragePort,
  type StoreId,
} from '../ports.ts';
import type { Peer } from '../swarm/peer.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex } from './geometry.ts';

/** What an Upload works with. */
export interface UploadParts {
  readonly geometry: Geometry;
  readonly store: StoreId;
  readonly had: Bitfield;
  readonly ledger: SlotLedger;
  readonly peers: PeerPort;
  readonly storage: StoragePort;
  readonly limit: TokenBucket;
}

/** A block between the request that was granted and the moment its place is free. `peer` is gone once its link closed. */
interface Serving {
  readonly block: ServedBlock;
  peer: Peer | undefined;
  sending: boolean;
}

/** The uploading half of a torrent. */
export class Upload {
  /** Block bytes that have left, to peers past and present. */
  totalBytes = 0;
  /** Whether a peer may have blocks of a piece although it is choked (BEP 6, "allowed fast"). */
  servesWhileChoked: (peer: Peer, piece: PieceIndex) => boolean = () => false;
  readonly #parts: UploadParts;
  /** By place, which is also the ticket of the read. */
  readonly #serving = new Map<number, Serving>();
  readonly #reads = new Int32Array(READ_STRIDE * SERVES_PER_PEER_MAX);

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  /** Puts a request in the peer's queue. Returns false when it must be refused: not ours to give, or too many. */
  request(peer: Peer, range: BlockRange): boolean {
    const piece = this.#parts.geometry.pieceIndex(range.piece);
    const allowed =
      piece !== undefined &&
      this.#parts.had.has(piece) &&
      range.length <= BLOCK_BYTES &&
      this.#parts.geometry.contains(piece, range.begin, range.length) &&
      peer.wanted.length < WANTED_PER_PEER_MAX &&
      (!peer.weChoke || this.servesWhileChoked(peer, piece));
    if (allowed) peer.wanted.push(range);
    else this.#reject(peer, range);
    return allowed;
  }

  /** The peer does not want the block any more. One that is already on its way still goes out. */
  cancel(peer: Peer, range: BlockRange): void {
    const at = peer.wanted.findIndex(
      (wanted) => wanted.piece === range.piece && wanted.begin === range.begin && wanted.length === range.length,
    );
    if (at < 0) return;
    peer.wanted.splice(at, 1);
    this.#reject(peer, range);
  }

  /** Forgets what a peer wanted: it was choked. With the fast extension each request is refused by name (BEP 6). */
  choked(peer: Peer): void {
    const kept: BlockRange[] = [];
    for (const range of peer.wanted) {
      if (this.servesWhileChoked(peer, range.piece as PieceIndex)) kept.push(range);
      else this.#reject(peer, range);
    }
    peer.wanted.splice(0, peer.wanted.length, ...kept);
  }

  /**
   * Grants as many of the peer's requests as memory and limits allow, in one batch for the disk. While enough is on its
   * way, requests are let gather: neighbours are then read in one call.
   */
  pump(peer: Peer, nowMs: number): void {
    if (this.#parts.limit.plenty(nowMs)) this.pumpInTurn(peer, nowMs);
  }

  /** The same on the control tick, when peers take turns. */
  pumpInTurn(peer: Peer, nowMs: number): void {
    if (peer.servesInFlight > SERVES_PER_PEER_MAX / 2) return;
    const { ledger, limit, storage } = this.#parts;
    let count = 0;
    while (count < peer.wanted.length && peer.servesInFlight < SERVES_PER_PEER_MAX && !peer.closing) {
      if (this.#serving.size >= ledger.frames * UPLOAD_MEMORY_SHARE || limit.available(nowMs) <= 0) break;
      const place = ledger.reserve(BLOCK_BYTES, 'upload');
      if (place < 0) break;
      const range = peer.wanted[count]!;
      limit.take(range.length);
      this.#grant(peer, { piece: range.piece, begin: range.begin, length: range.length, place }, count++);
    }
    if (count === 0) return;
    peer.wanted.splice(0, count);
    storage.readBlocks(this.#reads, count);
  }

  /** A block was read, or could not be. Returns the peer to be pumped again, if it is still there. */
  blockRead(ticket: number, ok: boolean): Peer | undefined {
    const serving = this.#serving.get(ticket);
    if (serving === undefined) return undefined;
    const { peer, block } = serving;
    if (peer !== undefined && ok && !peer.closing) {
      serving.sending = true;
      this.#parts.ledger.beginServing(block.place);
      this.#parts.peers.serve(peer.link, block);
      return undefined;
    }
    if (peer !== undefined) this.#reject(peer, block);
    this.#finish(serving);
    return peer;
  }

  /** A block has left its place. Returns the peer to be pumped again. */
  served(block: ServedBlock): Peer | undefined {
    const serving = this.#serving.get(block.place);
    if (serving === undefined) return undefined;
    const peer = serving.peer;
    this.totalBytes += block.length;
    peer?.upload.add(block.length);
    this.#finish(serving);
    return peer;
  }

  /** The link is gone: what was being sent is free at once, what is being read when the disk has answered. */
  peerClosed(peer: Peer): void {
    peer.wanted.length = 0;
    for (const serving of [...this.#serving.values()]) {
      if (serving.peer !== peer) continue;
      if (serving.sending) this.#finish(serving);
      else serving.peer = undefined;
    }
  }

  /** Blocks that still hold a place. A torrent is not gone before this is 0. */
  get inFlight(): number {
    return this.#serving.size;
  }

  #grant(peer: Peer, block: ServedBlock, index: number): void {
    peer.servesInFlight++;
    this.#serving.set(block.place, { block, peer, sending: false });
    const at = index * READ_STRIDE;
    this.#reads[at + READ_STORE] = this.#parts.store;
    this.#reads[at + READ_PIECE] = block.piece;
    this.#reads[at + READ_BEGIN] = block.begin;
    this.#reads[at + READ_LENGTH] = block.length;
    this.#reads[at + READ_PLACE] = block.place;
    this.#reads[at + READ_TICKET] = block.place;
  }

  #finish(serving: Serving): void {
    this.#serving.delete(serving.block.place);
    if (serving.peer !== undefined) serving.peer.servesInFlight--;
    this.#parts.ledger.release(serving.block.place);
  }

  #reject(peer: Peer, range: BlockRange): void {
    if (peer.fast && !peer.closing) this.#parts.peers.send(peer.link, encodeReject(range));
  }
}
