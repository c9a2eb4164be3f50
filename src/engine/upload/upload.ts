// Answers the requests of a torrent's peers: disk → slot → socket. A request waits in its peer's queue; disk workers
// bring in stretches of runs ahead of it, one read for all who ask; blocks go out from the middle of a stretch, in
// batches, and pin it until they have left. Every request gets one answer: the block, or REJECT (BEP 6).
import type { Bitfield } from '../../base/bitfield.ts';
import { encodeReject } from '../../protocol/wire/message-writer.ts';
import { WANTED_PER_PEER_MAX } from '../limits.ts';
import * as ports from '../ports.ts';
import type { Peer } from '../swarm/peer.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex, RUN_BYTES } from '../torrent/geometry.ts';
import type { TorrentPeers } from '../torrent/metered-peers.ts';
import {
  SERVES_AT_ONCE,
  UPLOAD_QUEUE_BYTES_MAX,
  UPLOAD_QUEUE_BYTES_MIN,
  UPLOAD_QUEUE_BYTES_START,
  UPLOAD_QUEUE_SECONDS,
} from './limits.ts';
import type { Stretch } from './stretch.ts';
import type { StretchCache } from './stretch-cache.ts';
import { StretchTable } from './stretch-table.ts';

/** What an Upload works with. */
export interface UploadParts {
  readonly geometry: Geometry;
  readonly store: ports.StoreId;
  readonly had: Bitfield;
  readonly cache: StretchCache;
  readonly peers: TorrentPeers;
  readonly storage: ports.StoragePort;
  readonly limit: TokenBucket;
  /** How many peers of all torrents are served at once: none may hold more than its part of the memory. */
  readonly slots: { readonly count: number };
}

/** Filled and handed over within one call: one memory for all torrents. */
const SERVES = new Int32Array(ports.SERVE_STRIDE * SERVES_AT_ONCE);
const NO_READS = new Int32Array(0);

/** The uploading half of a torrent. */
export class Upload {
  /** Block bytes that have left, to peers past and present. */
  totalBytes = 0;
  /** False while nobody is given anything: the files are being hashed again. */
  open = true;
  /** Whether a peer may have blocks of a piece although it is choked (BEP 6, "allowed fast"). */
  servesWhileChoked: (peer: Peer, piece: PieceIndex) => boolean = () => false;
  /** Whether a peer may not have blocks of a piece although we have it: it was never shown (BEP 16). */
  withholds: (peer: Peer, piece: PieceIndex) => boolean = () => false;
  /** A peer has got all that it has asked for. */
  emptied: (peer: Peer) => void = () => undefined;
  readonly #parts: UploadParts;
  readonly #table: StretchTable;
  /** Peers whose requests wait, in the order of their turns. */
  readonly #turns: Peer[] = [];
  #turn = 0;
  /** Somebody's read found no room. */
  #hungry = false;
  /** Reads that gather while others have their turns, too; made when there is something to read. */
  #reads = NO_READS;
  #readCount = 0;

  constructor(parts: UploadParts) {
    this.#parts = parts;
    this.#table = new StretchTable(parts.geometry);
  }

  /** Stretches that are being read or sent. A torrent is not gone before this is 0. */
  get inFlight(): number {
    return this.#table.busy;
  }

  /** Pieces that several peers fetch at the moment: others get them without a read. */
  hotPieces(): PieceIndex[] {
    return this.#table.hotPieces();
  }

  /** Puts a request in the peer's queue. Returns false when it must be refused: not ours to give, or too many. */
  request(peer: Peer, number: number, begin: number, length: number): boolean {
    const { geometry, had } = this.#parts;
    const piece = geometry.pieceIndex(number);
    const { uploads } = peer;
    const allowed =
      this.open &&
      piece !== undefined &&
      had.has(piece) &&
      length <= BLOCK_BYTES &&
      geometry.contains(piece, begin, length) &&
      uploads.wanted.count < WANTED_PER_PEER_MAX &&
      (!peer.weChoke || this.servesWhileChoked(peer, piece)) &&
      !this.withholds(peer, piece);
    if (!allowed) {
      this.#reject(peer, number, begin, length);
      return false;
    }
    uploads.wanted.push(piece, begin, length);
    if (!uploads.inTurn) {
      uploads.inTurn = true;
      this.#turns.push(peer);
    }
    return true;
  }

  /** The peer does not want the block any more. One that is already on its way still goes out, and is the answer. */
  cancel(peer: Peer, piece: number, begin: number, length: number): void {
    const { uploads } = peer;
    const position = uploads.wanted.find(piece | 0, begin | 0, length | 0);
    if (position < 0) return;
    uploads.wanted.remove(position);
    if (position < uploads.covered) uploads.covered--;
    this.#reject(peer, piece, begin, length);
  }

  /** The peer was choked: what it may not have any more is refused by name (BEP 6). */
  choked(peer: Peer): void {
    const { uploads } = peer;
    uploads.covered = 0;
    uploads.wanted.filter(
      (piece) => this.open && this.servesWhileChoked(peer, piece as PieceIndex),
      (piece, begin, length) => this.#reject(peer, piece, begin, length),
    );
  }

  /**
   * Something changed for one peer: it asked, or has room. While somebody has to wait, all wait for their turns: it gets only
   * what nobody waits for.
   */
  pump(peer: Peer, nowMs: number): void {
    const { limit } = this.#parts;
    if (!limit.plenty(nowMs)) return;
    const blocks = this.#blocksPerTurn;
    while (this.#serve(peer, nowMs, blocks) === blocks && limit.plenty(nowMs));
    this.#lookAhead(peer);
    this.#read();
  }

  /** Everybody in turn, as far as limits and memory go: on the control tick, and when the disk has brought something. */
  takeTurns(nowMs: number): void {
    const { limit } = this.#parts;
    this.#hungry = false;
    for (let idle = 0; idle < this.#turns.length && limit.plenty(nowMs); ) {
      idle = this.#serveNext(nowMs, this.#blocksPerTurn) > 0 ? 0 : idle + 1;
    }
    // Below plenty the session says whose turn it is, of all torrents; what they will be given is read meanwhile.
    if (limit.limited) for (const peer of this.#turns) this.#lookAhead(peer);
    this.#read();
  }

  /** Under a rate limit: gives the next peer its part. Returns false when there is nobody, or nothing to give. */
  serveInTurn(nowMs: number): boolean {
    const { limit } = this.#parts;
    for (let tried = 0; tried < this.#turns.length && limit.available(nowMs) > 0; tried++) {
      if (this.#serveNext(nowMs, limit.blocksPerTurn) > 0) return true;
    }
    this.#read();
    return false;
  }

  /** A stretch was read, or could not be: then those who wait for it are refused. */
  blockRead(ticket: number, ok: boolean): void {
    const stretch = this.#parts.cache.readDone(ticket, ok);
    if (ok || stretch.dropped) return;
    for (const peer of this.#turns) {
      const { wanted } = peer.uploads;
      peer.uploads.covered = 0;
      while (wanted.count > 0 && stretch.covers(wanted.pieceAt(0), wanted.beginAt(0), wanted.lengthAt(0))) {
        this.#reject(peer, wanted.pieceAt(0), wanted.beginAt(0), wanted.lengthAt(0));
        wanted.shift();
      }
    }
  }

  /** The oldest `count` blocks on their way to a peer have left. */
  served(peer: Peer, count: number, nowMs: number): void {
    const { uploads } = peer;
    let bytes = 0;
    for (let block = 0; block < count; block++) {
      bytes += uploads.oldestLength;
      this.#parts.cache.unpin(uploads.left());
    }
    this.totalBytes += bytes;
    peer.upload.add(bytes);
    if (this.#hungry) this.takeTurns(nowMs);
    else if (uploads.wanted.count > 0) this.pump(peer, nowMs);
    if (uploads.wanted.count === 0 && uploads.blocksInFlight === 0) this.emptied(peer);
  }

  /** The link is gone, and with it what was on its way. */
  peerClosed(peer: Peer): void {
    const { uploads } = peer;
    uploads.wanted.clear();
    uploads.covered = 0;
    while (uploads.blocksInFlight > 0) this.#parts.cache.unpin(uploads.left());
    this.#leaveTurns(peer);
  }

  /** Forgets what is in memory: the torrent stands still, or its files may change. */
  forget(): void {
    this.#parts.cache.drop(this.#table);
  }

  /** The piece is not ours to give any more: whoever asked for it is refused. */
  forgetPiece(lost: PieceIndex): void {
    this.#parts.cache.drop(this.#table, lost);
    for (const peer of this.#turns) {
      peer.uploads.covered = 0;
      peer.uploads.wanted.filter(
        (piece) => piece !== lost,
        (piece, begin, length) => this.#reject(peer, piece, begin, length),
      );
    }
  }

  /** Blocks that a peer gets before it is the next one's turn: few while a limit makes all of them wait. */
  get #blocksPerTurn(): number {
    const { limit } = this.#parts;
    return limit.limited ? limit.blocksPerTurn : SERVES_AT_ONCE;
  }

  /** It is the next peer's turn, and there is one: it is given at most `blocksMax`. Returns how many. */
  #serveNext(nowMs: number, blocksMax: number): number {
    if (this.#turn >= this.#turns.length) this.#turn = 0;
    const peer = this.#turns[this.#turn]!;
    const served = this.#serve(peer, nowMs, blocksMax);
    this.#lookAhead(peer);
    if (peer.uploads.wanted.count > 0) this.#turn++;
    else this.#leaveTurns(peer);
    return served;
  }

  /** Gives the peer's link what is in memory of its oldest requests, at most `blocksMax`. Returns how many. */
  #serve(peer: Peer, nowMs: number, blocksMax: number): number {
    const { uploads } = peer;
    const { wanted } = uploads;
    const { limit, cache } = this.#parts;
    const queueMax = this.#queueMax(peer);
    let count = 0;
    let stretch: Stretch | undefined;
    while (count < blocksMax && wanted.count > 0 && !peer.closing) {
      if (uploads.bytesInFlight >= queueMax || limit.available(nowMs) <= 0) break;
      const piece = wanted.pieceAt(0);
      const begin = wanted.beginAt(0);
      const length = wanted.lengthAt(0);
      if (stretch === undefined || !stretch.covers(piece, begin, length)) {
        stretch = this.#table.find(piece, begin, length);
        // Evicted before its turn came: it is read again.
        if (stretch === undefined) uploads.covered = 0;
      }
      if (stretch === undefined || stretch.state !== 'ready') break;
      wanted.shift();
      if (uploads.covered > 0) uploads.covered--;
      cache.pin(stretch, peer.link, length);
      uploads.sent(stretch, length);
      limit.take(length);
      const at = count++ * ports.SERVE_STRIDE;
      SERVES[at + ports.SERVE_PIECE] = piece;
      SERVES[at + ports.SERVE_BEGIN] = begin;
      SERVES[at + ports.SERVE_LENGTH] = length;
      SERVES[at + ports.SERVE_PLACE] = stretch.place;
      SERVES[at + ports.SERVE_OFFSET] = begin - stretch.begin;
    }
    if (count > 0) this.#parts.peers.serve(peer.link, SERVES, count);
    return count;
  }

  /** Has the disk read what the peer will be given after what is on its way. Reads gather, so that few calls do. */
  #lookAhead(peer: Peer): void {
    const { uploads } = peer;
    const { wanted } = uploads;
    const queueMax = this.#queueMax(peer);
    const blocksAhead = (2 * queueMax) / BLOCK_BYTES;
    if (uploads.covered > blocksAhead / 2 || peer.closing) return;
    let stretch: Stretch | undefined;
    while (uploads.covered < Math.min(wanted.count, blocksAhead)) {
      const piece = wanted.pieceAt(uploads.covered);
      const begin = wanted.beginAt(uploads.covered);
      const length = wanted.lengthAt(uploads.covered);
      if (stretch === undefined || !stretch.covers(piece, begin, length)) {
        stretch = this.#table.find(piece, begin, length) ?? this.#open(peer, uploads.covered, queueMax);
        if (stretch === undefined) {
          this.#hungry = true;
          return;
        }
      }
      uploads.covered++;
    }
  }

  /** What may wait in the peer's link. Half of its part: stretches are pinned whole while a block of theirs is sent. */
  #queueMax(peer: Peer): number {
    const { cache, slots } = this.#parts;
    const blocks = Math.max(1, Math.floor(cache.framesMax / (2 * slots.count)));
    return Math.min(queueBytes(peer), blocks * BLOCK_BYTES);
  }

  #open(peer: Peer, position: number, bytesMax: number): Stretch | undefined {
    const { uploads } = peer;
    const { geometry, cache } = this.#parts;
    const piece = uploads.wanted.pieceAt(position) as PieceIndex;
    const asked = uploads.wanted.beginAt(position);
    const begin = asked - (asked % BLOCK_BYTES);
    const end = this.#table.nextBegin(piece, asked);
    const length = uploads.readAhead(position, geometry, { end, bytesMax: Math.min(bytesMax, RUN_BYTES) });
    let stretch = cache.open(this.#table, { piece, begin, length }, peer.link);
    if (stretch === undefined) {
      const needed = asked + uploads.wanted.lengthAt(position) - begin;
      stretch = cache.open(this.#table, { piece, begin, length: needed }, peer.link);
    }
    if (stretch === undefined) return undefined;
    if (this.#readCount === SERVES_AT_ONCE) this.#read();
    if (this.#reads === NO_READS) this.#reads = new Int32Array(ports.READ_STRIDE * SERVES_AT_ONCE);
    const at = this.#readCount++ * ports.READ_STRIDE;
    this.#reads[at + ports.READ_STORE] = this.#parts.store;
    this.#reads[at + ports.READ_PIECE] = piece;
    this.#reads[at + ports.READ_BEGIN] = begin;
    this.#reads[at + ports.READ_LENGTH] = stretch.length;
    this.#reads[at + ports.READ_PLACE] = stretch.place;
    this.#reads[at + ports.READ_TICKET] = stretch.place;
    return stretch;
  }

  #read(): void {
    const count = this.#readCount;
    if (count === 0) return;
    this.#readCount = 0;
    this.#parts.storage.readBlocks(this.#reads, count);
  }

  #leaveTurns(peer: Peer): void {
    if (!peer.uploads.inTurn) return;
    peer.uploads.inTurn = false;
    const index = this.#turns.indexOf(peer);
    this.#turns.splice(index, 1);
    if (index < this.#turn) this.#turn--;
  }

  #reject(peer: Peer, piece: number, begin: number, length: number): void {
    if (peer.fast && !peer.closing) this.#parts.peers.send(peer.link, encodeReject({ piece, begin, length }));
  }
}

/** Bytes that may wait in a link: a fast peer never runs dry, a slow one holds little memory. */
function queueBytes(peer: Peer): number {
  if (peer.upload.bytesPerSecond === 0) return UPLOAD_QUEUE_BYTES_START;
  const rated = peer.upload.bytesPerSecond * UPLOAD_QUEUE_SECONDS;
  const bytes = Math.min(UPLOAD_QUEUE_BYTES_MAX, Math.max(UPLOAD_QUEUE_BYTES_MIN, rated));
  return bytes - (bytes % BLOCK_BYTES);
}
