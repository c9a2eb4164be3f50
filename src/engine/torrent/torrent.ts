// The coordinator of one torrent: holds its parts and lists, in `dispatch`, everything that can happen to it. Decisions
// are taken in the topic modules, effects are carried out here. Blocks do not come this way: see the data plane below.

import { assertNever } from '../../base/assert.ts';
import { Bitfield } from '../../base/bitfield.ts';
import type { Clock, Random } from '../../base/clock.ts';
import { PeerError, type SourceError, type StorageError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { Handshake } from '../../protocol/wire/handshake.ts';
import {
  encodeHave,
  INTERESTED_MESSAGE,
  KEEP_ALIVE,
  NOT_INTERESTED_MESSAGE,
} from '../../protocol/wire/message-writer.ts';
import { decodeMessage } from '../../protocol/wire/messages.ts';
import type { TrackerPort } from '../discovery/tracker-port.ts';
import { PEERS_WANTED, UNREQUESTED_BLOCKS_MAX } from '../limits.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { PRIORITY_NORMAL, PRIORITY_SKIP } from '../picker/piece-picker.ts';
import type { LinkEnd, LinkId, PeerAddress, PeerPort, ServedBlock, StoragePort, StoreId } from '../ports.ts';
import { converse, type Reaction } from '../swarm/conversation.ts';
import { judge } from '../swarm/patience.ts';
import { Peer } from '../swarm/peer.ts';
import { Swarm } from '../swarm/swarm.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';
import { Announcing, type Standing } from './announcing.ts';
import { judgeContributors } from './blame.ts';
import { Choking } from './choking.ts';
import type { Geometry, PieceIndex } from './geometry.ts';
import { greeting, hearExtended, introduction, welcome } from './greeting.ts';
import { Intake } from './intake.ts';
import { explainStall, type Stall } from './stall.ts';
import { Upload } from './upload.ts';

/** Where a torrent is in its life. */
export type TorrentPhase = 'downloading' | 'seeding' | 'paused' | 'error' | 'closed';

/** What a torrent is. */
export interface TorrentSpec {
  readonly infoHash: Uint8Array;
  readonly geometry: Geometry;
  readonly store: StoreId;
  /** Pieces that are on disk and verified. */
  readonly had: Bitfield;
  /** Pieces to fetch. */
  readonly wanted: Bitfield;
  readonly sequential: boolean;
  readonly tiers: readonly (readonly string[])[];
  /** Stay connected and upload once complete. */
  readonly seed: boolean;
}

/** What a torrent shares with its session. */
export interface TorrentParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: SlotLedger;
  readonly peers: PeerPort;
  readonly storage: StoragePort;
  readonly trackers: TrackerPort;
  readonly peerId: Uint8Array;
  /** What we call ourselves (BEP 10, `v`). */
  readonly clientName: string;
  readonly trackerKey: number;
  readonly downloadLimit: TokenBucket;
  readonly uploadLimit: TokenBucket;
  /** The port that we accept peers on, 0 when we do not. */
  readonly listenPort: () => number;
  readonly ticketBase: number;
}

/** Who hears of a torrent's fate. Called for news only: nothing may be decided in there. */
export interface TorrentObserver {
  phaseChanged(phase: TorrentPhase): void;
  pieceVerified(piece: number): void;
  warned(warning: { readonly code: string; readonly message: string }): void;
  failed(error: StorageError): void;
}

/** Everything that can happen to a torrent, blocks apart. */
export type TorrentEvent =
  | { readonly type: 'connected'; readonly peer: Peer }
  | { readonly type: 'handshake'; readonly peer: Peer; readonly handshake: Handshake }
  | { readonly type: 'message'; readonly peer: Peer; readonly id: number; readonly payload: Uint8Array }
  | { readonly type: 'closed'; readonly peer: Peer; readonly end: LinkEnd }
  | { readonly type: 'announced'; readonly ticket: number; readonly answer: AnnounceReply | SourceError }
  | { readonly type: 'storage-failed'; readonly error: StorageError }
  | { readonly type: 'selected'; readonly wanted: Bitfield }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'close' }
  | { readonly type: 'tick' };

export class Torrent {
  readonly spec: TorrentSpec;
  readonly swarm: Swarm = new Swarm();
  readonly intake: Intake;
  readonly upload: Upload;
  readonly #parts: TorrentParts;
  readonly #observer: TorrentObserver;
  readonly #announcing: Announcing;
  readonly #choking: Choking;
  #phase: TorrentPhase = 'paused';
  #uploadedBytes = 0;
  #error: StorageError | undefined;

  constructor(spec: TorrentSpec, parts: TorrentParts, observer: TorrentObserver) {
    this.spec = spec;
    this.#parts = parts;
    this.#observer = observer;
    const { geometry, store } = spec;
    const { ledger, peers, storage, random } = parts;
    this.intake = new Intake({ geometry, store, ledger, peers, storage, random, limit: parts.downloadLimit });
    const picker = this.intake.download.picker;
    picker.sequential = spec.sequential;
    this.upload = new Upload({ geometry, store, ledger, peers, storage, had: picker.had, limit: parts.uploadLimit });
    this.#choking = new Choking(peers, this.upload, random);
    const { trackers, peerId, trackerKey: key, ticketBase } = parts;
    this.#announcing = new Announcing({
      tiers: spec.tiers,
      infoHash: spec.infoHash,
      peerId,
      key,
      trackers,
      random,
      ticketBase,
    });
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (spec.had.has(piece)) picker.markHad(piece as PieceIndex);
    }
    this.#select(spec.wanted);
  }

  get phase(): TorrentPhase {
    return this.#phase;
  }

  get had(): Bitfield {
    return this.intake.download.picker.had;
  }

  /** Bytes uploaded to peers that are still connected and to those that have left. */
  get uploadedBytes(): number {
    let bytes = this.#uploadedBytes;
    for (const peer of this.swarm.peers()) bytes += peer.upload.totalBytes;
    return bytes;
  }

  get error(): StorageError | undefined {
    return this.#error;
  }

  /** True once nothing of this torrent is in memory, on its way or to be told. */
  get settled(): boolean {
    const idle = this.swarm.size === 0 && this.upload.inFlight === 0 && this.intake.download.pieces.empty;
    return this.#phase === 'closed' && idle && this.#announcing.settled;
  }

  /** Why nothing comes in. */
  stall(): Stall {
    return explainStall({
      peers: this.swarm.peers(),
      hopeful: this.swarm.candidates.hopeful,
      asking: this.spec.tiers.length > 0,
      lastRefusal: this.intake.lastRefusal,
    });
  }

  dispatch(event: TorrentEvent): void {
    switch (event.type) {
      case 'connected':
        return this.#greet(event.peer);
      case 'handshake':
        return this.#shakeHands(event.peer, event.handshake);
      case 'message':
        return this.#hear(event.peer, event.id, event.payload);
      case 'closed':
        return this.#forget(event.peer, event.end);
      case 'announced':
        return this.#learn(event.ticket, event.answer);
      case 'storage-failed':
        return this.#breakDown(event.error);
      case 'selected':
        return this.#reselect(event.wanted);
      case 'pause':
        return this.#leave('paused');
      case 'resume':
        return this.#enter();
      case 'close':
        return this.#leave('closed');
      case 'tick':
        return this.#tick();
      default:
        return assertNever(event);
    }
  }

  // The data plane: called per block, straight from the host's batches.

  blockLanded(peer: Peer, piece: number, begin: number, length: number): void {
    const nowMs = this.#parts.clock.nowMs();
    peer.lastBlockMs = nowMs;
    peer.snubbed = false;
    this.intake.landed(peer, piece, begin, length);
    this.intake.refill(peer, nowMs);
  }

  blockReturned(peer: Peer, piece: number, begin: number): void {
    peer.blocksForgiven++;
    this.intake.returned(peer, piece, begin);
  }

  blockWasted(peer: Peer, length: number): void {
    this.intake.wastedBytes += length;
    if (peer.blocksForgiven > 0) peer.blocksForgiven--;
    else if (++peer.unrequestedBlocks > UNREQUESTED_BLOCKS_MAX) {
      this.#drop(peer, 'ERR_PEER_UNREQUESTED', 'sends blocks that nobody asked for', true);
    }
  }

  /** A batch of blocks was taken in: complete runs go to the disk. */
  blocksDone(): void {
    this.intake.flush();
  }

  runStored(piece: number, run: number, outcome: number): void {
    const stored = this.intake.stored(piece, run, outcome);
    if (stored.kind === 'verified') this.#celebrate(stored.piece);
    if (stored.kind === 'corrupt') this.#blame(stored.piece, stored.contributors!);
  }

  /** A batch of runs was stored: memory is free again for those who lacked it. */
  runsDone(): void {
    this.#feedStarving();
    this.#discardIfIdle();
    this.intake.flush();
    if (this.#phase === 'downloading' && this.intake.download.picker.wantedCount === 0) this.#complete();
  }

  blockRead(ticket: number, ok: boolean): void {
    const peer = this.upload.blockRead(ticket, ok);
    if (peer !== undefined) this.upload.pump(peer, this.#parts.clock.nowMs());
  }

  served(block: ServedBlock): void {
    const peer = this.upload.served(block);
    if (peer !== undefined) this.upload.pump(peer, this.#parts.clock.nowMs());
  }

  // What a peer is, from the dial to the end.

  /** The next address to dial, if the torrent wants one. */
  candidate(): PeerAddress | undefined {
    if (this.#phase !== 'downloading') return undefined;
    return this.swarm.candidates.next(this.#parts.clock.nowMs());
  }

  /** A link to this torrent begins: dialled by us, or accepted and known by its handshake. */
  admit(link: LinkId, address: PeerAddress, incoming: boolean): Peer {
    const peer = new Peer(link, address, incoming, new PeerPieces(new Bitfield(this.spec.geometry.pieceCount)));
    peer.connectedMs = this.#parts.clock.nowMs();
    this.swarm.add(peer);
    return peer;
  }

  #greet(peer: Peer): void {
    this.#send(peer, greeting(this.spec.infoHash, this.#parts.peerId));
  }

  #shakeHands(peer: Peer, handshake: Handshake): void {
    const facts = { infoHash: this.spec.infoHash, ownPeerId: this.#parts.peerId, swarm: this.swarm };
    const refusal = welcome(peer, handshake, facts);
    if (refusal !== undefined) {
      if (refusal.code === 'ERR_PEER_SELF') this.swarm.candidates.ban(peer.address);
      return this.#drop(peer, refusal.code, refusal.message, false);
    }
    if (peer.incoming) this.#greet(peer);
    const nowMs = this.#parts.clock.nowMs();
    peer.ready = true;
    peer.connectedMs = nowMs;
    peer.lastMessageMs = nowMs;
    this.swarm.candidates.succeeded(peer.address);
    this.#parts.peers.limitMessages(peer.link, Math.max(this.had.bytes.length, 64 * 1024));
    this.intake.download.picker.join(peer.pieces);
    for (const bytes of introduction(peer, this.had, this.#parts.clientName, this.#parts.listenPort())) {
      this.#send(peer, bytes);
    }
  }

  #hear(peer: Peer, id: number, payload: Uint8Array): void {
    if (peer.closing) return;
    peer.lastMessageMs = this.#parts.clock.nowMs();
    peer.messagesThisTick++;
    try {
      const message = decodeMessage(id, payload);
      if (message === undefined) return;
      this.#react(peer, converse(peer, message, { geometry: this.spec.geometry, picker: this.intake.download.picker }));
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.#drop(peer, error.code, error.message, true);
    }
  }

  #react(peer: Peer, reaction: Reaction): void {
    const nowMs = this.#parts.clock.nowMs();
    switch (reaction.kind) {
      case 'nothing':
        return;
      case 'pieces-changed':
        this.#updateInterest(peer);
        return this.intake.refill(peer, nowMs);
      case 'unchoked':
        return this.intake.refill(peer, nowMs);
      case 'choked':
        return this.intake.revokeAll(peer, false);
      case 'interest-changed':
        return this.#choking.hurry();
      case 'request':
        this.upload.request(peer, reaction.range);
        return this.upload.pump(peer, nowMs);
      case 'cancel':
        return this.upload.cancel(peer, reaction.range);
      case 'rejected':
        return this.#parts.peers.revoke(peer.link, reaction.range.piece, reaction.range.begin, false);
      case 'extended':
        return hearExtended(peer, reaction.extendedId, reaction.payload);
      default:
        return assertNever(reaction);
    }
  }

  #forget(peer: Peer, end: LinkEnd): void {
    this.#uploadedBytes += peer.upload.totalBytes;
    this.upload.peerClosed(peer);
    this.intake.peerClosed(peer);
    this.intake.download.picker.leave(peer.pieces);
    this.swarm.remove(peer);
    const both = this.#phase === 'seeding' && peer.pieces.have.full;
    this.swarm.candidates.ended(peer.address, this.#parts.clock.nowMs(), both || end.code === 'ERR_PEER_SELF');
    if (end.code.startsWith('ERR_WIRE')) this.#warn(end.code, `${nameOf(peer)} ${end.message}`);
    this.#feedStarving();
    this.#discardIfIdle();
  }

  #drop(peer: Peer, code: string, message: string, ban: boolean): void {
    if (peer.closing) return;
    peer.closing = true;
    if (ban) this.swarm.candidates.ban(peer.address);
    if (ban || code === 'ERR_PEER_STALLED') this.#warn(code, `${nameOf(peer)} ${message}`);
    this.#parts.peers.close(peer.link);
  }

  #send(peer: Peer, bytes: Uint8Array): void {
    peer.lastSentMs = this.#parts.clock.nowMs();
    this.#parts.peers.send(peer.link, bytes);
  }

  #updateInterest(peer: Peer): void {
    if (!peer.ready || peer.closing) return;
    const interested = this.#phase === 'downloading' && peer.pieces.useful > 0;
    if (interested === peer.weAreInterested) return;
    peer.weAreInterested = interested;
    this.#send(peer, interested ? INTERESTED_MESSAGE : NOT_INTERESTED_MESSAGE);
  }

  // Pieces.

  #celebrate(piece: PieceIndex): void {
    for (const peer of this.swarm.peers()) {
      if (!peer.ready || peer.closing) continue;
      if (!peer.pieces.have.has(piece)) this.#send(peer, encodeHave(piece));
      if (peer.weAreInterested && peer.pieces.useful === 0) this.#updateInterest(peer);
    }
    this.#observer.pieceVerified(piece);
  }

  #blame(piece: PieceIndex, contributors: Int32Array): void {
    const { guilty, suspects } = judgeContributors(contributors);
    if (guilty === undefined) {
      this.intake.download.isolate(piece);
      return this.#warn(
        'ERR_PIECE_CORRUPT',
        `piece ${piece} from ${suspects.length} peers failed its hash; fetching it again from one`,
      );
    }
    const address = this.swarm.addressOf(guilty);
    if (address !== undefined) this.swarm.candidates.ban(address);
    const peer = this.swarm.get(guilty);
    const who = address === undefined ? 'a peer that has left' : `${address.host}:${address.port}`;
    this.#warn('ERR_PEER_CORRUPT', `piece ${piece} from ${who} failed its hash; the peer is banned`);
    if (peer !== undefined) this.#drop(peer, 'ERR_PEER_CORRUPT', 'sent a corrupt piece', false);
  }

  #complete(): void {
    this.intake.open = false;
    if (this.had.full) this.#announcing.complete();
    this.#setPhase('seeding');
    for (const peer of this.swarm.peers()) {
      this.#updateInterest(peer);
      if (!this.spec.seed || peer.pieces.have.full)
        this.#drop(peer, 'ERR_PEER_USELESS', 'has nothing left for us', false);
    }
  }

  #feedStarving(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const peer of this.swarm.peers()) if (peer.starving) this.intake.refill(peer, nowMs);
  }

  #select(wanted: Bitfield): void {
    const picker = this.intake.download.picker;
    for (let piece = 0; piece < this.spec.geometry.pieceCount; piece++) {
      const priority = wanted.has(piece) ? PRIORITY_NORMAL : PRIORITY_SKIP;
      if (picker.priorityOf(piece as PieceIndex) !== priority) picker.setPriority(piece as PieceIndex, priority);
    }
  }

  #reselect(wanted: Bitfield): void {
    this.#select(wanted);
    if (this.#phase === 'seeding' && this.intake.download.picker.wantedCount > 0) this.#setPhase('paused');
    if (this.#phase === 'downloading' || this.#phase === 'paused') this.#enter();
  }

  // Phases.

  #enter(): void {
    if (this.#phase === 'closed') return;
    this.#error = undefined;
    const complete = this.intake.download.picker.wantedCount === 0;
    this.intake.open = !complete;
    if (this.#phase === 'paused' || this.#phase === 'error') this.#announcing.start();
    this.#setPhase(complete ? 'seeding' : 'downloading');
    for (const peer of this.swarm.peers()) {
      this.#updateInterest(peer);
      this.intake.refill(peer, this.#parts.clock.nowMs());
    }
  }

  #leave(phase: 'paused' | 'closed' | 'error'): void {
    if (this.#phase === 'closed') return;
    this.intake.open = false;
    this.#announcing.stop();
    this.#setPhase(phase);
    for (const peer of this.swarm.peers()) this.#drop(peer, 'ERR_PEER_STOPPED', 'the torrent stops', false);
    if (phase === 'closed') this.#announcing.tick(this.#parts.clock.nowMs(), false, this.#standing(), 2000);
  }

  #breakDown(error: StorageError): void {
    if (this.#phase === 'error' || this.#phase === 'closed') return;
    this.#error = error;
    this.#leave('error');
    this.#observer.failed(error);
  }

  /** A torrent that stands still holds no piece memory: what is not complete by then is fetched again. */
  #discardIfIdle(): void {
    if (this.#phase === 'paused' || this.#phase === 'error' || this.#phase === 'closed') {
      this.intake.download.pieces.discard();
    }
  }

  #setPhase(phase: TorrentPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#observer.phaseChanged(phase);
  }

  // Time and trackers.

  #tick(): void {
    const nowMs = this.#parts.clock.nowMs();
    this.intake.rate.tick(nowMs);
    for (const peer of this.swarm.peers()) this.#tickPeer(peer, nowMs);
    this.#choking.tick(this.swarm, this.#phase === 'seeding', nowMs);
    const wantsPeers = this.#phase === 'downloading' && this.swarm.size < PEERS_WANTED;
    this.#announcing.tick(nowMs, wantsPeers, this.#standing());
  }

  #tickPeer(peer: Peer, nowMs: number): void {
    if (peer.closing) return;
    peer.download.tick(nowMs);
    peer.upload.tick(nowMs);
    const verdict = judge(peer, nowMs, this.intake.download.arrivals.waitsFor(peer.link));
    peer.messagesThisTick = 0;
    if (verdict.kind === 'drop') return this.#drop(peer, verdict.code, verdict.message, false);
    if (verdict.kind === 'keep-alive') this.#send(peer, KEEP_ALIVE);
    if (verdict.kind === 'snub') this.#snub(peer, nowMs);
    peer.window.adapt(peer.download.bytesPerSecond);
    if (peer.starving || peer.debt.outstanding === 0) this.intake.refill(peer, nowMs);
    if (peer.wanted.length > 0) this.upload.pump(peer, nowMs);
  }

  #snub(peer: Peer, nowMs: number): void {
    peer.snubbed = true;
    peer.snubbedMs = nowMs;
    peer.window.snub();
    this.intake.revokeAll(peer, true);
    this.#warn('ERR_PEER_SNUBBED', `${nameOf(peer)} promised blocks and sent none`);
    this.#feedStarving();
  }

  #learn(ticket: number, answer: AnnounceReply | SourceError): void {
    const { addresses, warning } = this.#announcing.announced(ticket, answer, this.#parts.clock.nowMs());
    if (warning !== undefined) this.#warn(warning.code, warning.message);
    for (const address of addresses) this.swarm.candidates.add(address, 'tracker');
  }

  #standing(): Standing {
    return {
      port: this.#parts.listenPort(),
      uploaded: this.uploadedBytes,
      downloaded: this.intake.rate.totalBytes,
      left: this.#missingBytes(),
    };
  }

  #missingBytes(): number {
    const { geometry } = this.spec;
    const last = geometry.pieceCount - 1;
    const missing = geometry.pieceCount - this.had.count;
    if (missing === 0) return 0;
    const lastMissing = !this.had.has(last);
    const whole = (missing - (lastMissing ? 1 : 0)) * geometry.pieceBytes;
    return whole + (lastMissing ? geometry.bytesIn(last as PieceIndex) : 0);
  }

  #warn(code: string, message: string): void {
    this.#observer.warned({ code, message });
  }
}

function nameOf(peer: Peer): string {
  return `peer ${peer.address.host}:${peer.address.port}`;
}
