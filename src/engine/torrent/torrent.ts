// The coordinator of one torrent: holds its parts and lists, in `dispatch`, everything that can happen to it. Decisions
// are taken in the topic modules, effects are carried out here. Blocks do not come this way: see the data plane below.
import { assertNever } from '../../base/assert.ts';
import type { Bitfield } from '../../base/bitfield.ts';
import type { SourceError, StorageError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import { PIECE_HEADER_BYTES } from '../../protocol/wire/block.ts';
import { MESSAGE_HEADER_BYTES, REQUEST_MESSAGE_BYTES } from '../../protocol/wire/message-writer.ts';
import { discoveryFor } from '../discovery/dht-discovery.ts';
import type { TrackerStatus } from '../discovery/tracker-record.ts';
import type { PeerContacts } from '../extensions/peer-contacts.ts';
import type { DialTarget, LinkId } from '../ports.ts';
import type { Member } from '../session/member.ts';
import type { Candidates } from '../swarm/candidates.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { TokenBucket } from '../swarm/token-bucket.ts';
import { Upload } from '../upload/upload.ts';
import { WebSeeds } from '../webseed/web-seeds.ts';
import { Announcing, standingOf } from './announcing.ts';
import type { PieceIndex } from './geometry.ts';
import { Intake } from './intake.ts';
import { LONELY_REST_MS, PEERS_WANTED } from './limits.ts';
import { MeteredPeers } from './metered-peers.ts';
import { PeerRelations } from './peer-relations.ts';
import { PieceVerdicts } from './piece-verdicts.ts';
import { Recheck } from './recheck.ts';
import { RequestTurns } from './request-turns.ts';
import { SeedGoalWatch } from './seed-goal.ts';
import { type Stall, stallOf } from './stall.ts';
import type { TorrentEvent } from './torrent-event.ts';
import type { TorrentObserver, TorrentParts, TorrentPhase, TorrentSpec, Warning } from './torrent-spec.ts';

export class Torrent implements Member {
  readonly spec: TorrentSpec;
  readonly intake: Intake;
  readonly upload: Upload;
  readonly relations: PeerRelations;
  /** Its own rate limits, inside those of the session. */
  readonly downloadLimit: TokenBucket;
  readonly uploadLimit: TokenBucket;
  readonly requestTurns: RequestTurns;
  readonly goals: SeedGoalWatch;
  readonly #parts: TorrentParts;
  readonly #observer: TorrentObserver;
  readonly announcing: Announcing;
  readonly webSeeds: WebSeeds;
  readonly verdicts: PieceVerdicts;
  readonly recheck: Recheck;
  #phase: TorrentPhase = 'paused';
  /** Every piece was there before, or its completion was announced. */
  #wasFull: boolean;
  /** The present batch gave blocks back: others may be asked for them. */
  #returned = false;

  /** `candidates` are the addresses that the search for the metadata found. */
  constructor(spec: TorrentSpec, session: TorrentParts, observer: TorrentObserver, candidates?: Candidates) {
    this.spec = spec;
    this.downloadLimit = new TokenBucket(0, session.downloadLimit);
    this.uploadLimit = new TokenBucket(0, session.uploadLimit);
    const { downloadLimit, uploadLimit } = this;
    const parts = { ...session, downloadLimit, uploadLimit, peers: new MeteredPeers(session.peers, uploadLimit) };
    this.#parts = parts;
    this.#observer = observer;
    const { geometry, store, tiers, infoHash, uploadedBefore = 0, seedGoal } = spec;
    const { ledger, peers, storage, random, trackers, announcePace: pace, webSeeds } = parts;
    const { peerId, trackerKey: key, ticketBase, writeBehindBytes, external } = parts;
    // What several parts get comes last in their literals: V8 makes a hidden class for each object that begins with a spread.
    const ports = { geometry, store, peers, storage };
    const means = { webSeeds, ledger, random, writeBehindBytes };
    this.intake = new Intake({ limit: downloadLimit, start: spec, ...means, ...ports });
    const picker = this.intake.download.picker;
    picker.sequential = spec.sequential;
    const { cache, uploadSlots: slots } = parts;
    this.upload = new Upload({ cache, had: picker.had, limit: uploadLimit, slots, ...ports });
    this.goals = new SeedGoalWatch({ geometry, uploadedBefore, had: picker.had, upload: this.upload }, seedGoal);
    const common = { spec, shared: parts, intake: this.intake, warn: (news: Warning) => observer.warned(news) };
    this.relations = new PeerRelations({ upload: this.upload, ...common, ...(candidates && { candidates }) });
    this.webSeeds = new WebSeeds({ blocksDone: (returned) => this.blocksDone(returned), ...common });
    this.verdicts = new PieceVerdicts(this, observer);
    this.recheck = new Recheck(this);
    this.requestTurns = new RequestTurns(this.swarm, this.webSeeds, this.intake, downloadLimit);
    const dht = discoveryFor(this, parts, spec.private);
    const about = { tiers, infoHash, peerId, key, trackers, pace, random, ticketBase, external, dht };
    this.announcing = new Announcing(about);
    this.#wasFull = picker.had.full;
  }

  get phase(): TorrentPhase {
    return this.#phase;
  }

  /** Pieces that are on disk and verified. */
  get had(): Bitfield {
    return this.intake.download.picker.had;
  }

  get swarm(): Swarm {
    return this.relations.swarm;
  }

  get contacts(): PeerContacts {
    return this.relations.contacts;
  }

  get infoHash(): Uint8Array {
    return this.spec.infoHash;
  }

  get ticketBase(): number {
    return this.#parts.ticketBase;
  }

  get local(): boolean {
    return !this.spec.private;
  }

  get welcoming(): boolean {
    return this.#phase === 'downloading' || (this.#phase === 'seeding' && this.spec.seed);
  }

  /** True once nothing of this torrent is in memory, on its way or to be told. */
  get settled(): boolean {
    return this.#phase === 'closed' && !this.busy && this.announcing.settled;
  }

  /** There are peers or web seeds. */
  get connected(): boolean {
    return this.swarm.size + this.webSeeds.size > 0;
  }

  get busy(): boolean {
    return this.connected || this.upload.inFlight > 0 || !this.intake.download.pieces.empty;
  }

  trackers(): readonly TrackerStatus[] {
    return this.announcing.status();
  }

  /** Why nothing comes in. */
  stall(): Stall {
    return stallOf(this, this.#parts.clock.nowMs(), this.#parts.outage);
  }

  /** With peers, or while something of it is in memory, every tick counts; else only trackers and addresses do. */
  restsUntilMs(nowMs: number): number {
    if (this.busy || this.intake.rate.bytesPerSecond >= 1) return nowMs;
    const announceMs = this.announcing.nextTickMs(nowMs, this.#phase === 'downloading');
    if (!this.welcoming) return announceMs;
    const loneMs = this.#phase === 'seeding' ? this.goals.nextMs(nowMs) : nowMs + LONELY_REST_MS;
    return Math.min(announceMs, this.swarm.candidates.nextMs, loneMs);
  }

  dispatch(event: TorrentEvent): void {
    if (event.type !== 'tick') this.#parts.wake(this);
    switch (event.type) {
      case 'connected':
        return this.relations.greet(event.peer);
      case 'handshake':
        return this.relations.shakeHands(event.peer, event.handshake);
      case 'message':
        this.downloadLimit.charge(MESSAGE_HEADER_BYTES + event.payload.length);
        return this.relations.hear(event.peer, event.id, event.payload);
      case 'keep-alive':
        return this.relations.sense(event.peer);
      case 'closed':
        this.relations.forget(event.peer, event.end, this.#phase === 'seeding');
        // A duplicate that waited for this link's place may have completed a run.
        this.intake.flush();
        return this.#discardIfIdle();
      case 'announced':
        return this.#learn(event.ticket, event.answer);
      case 'storage-failed':
        return this.#breakDown(event.error);
      case 'prioritised':
        return this.#reprioritise(event.priorities);
      case 'recheck':
        return this.#standStill();
      case 'rechecked':
        return this.recheck.end(event.had);
      case 'awaited':
        return this.#await(event.first, event.last, event.withinMs);
      case 'seed-goal':
        return this.goals.replace(event.goal);
      case 'filtered':
        return this.relations.sift();
      case 'way-open':
        return this.announcing.wayOpen();
      case 'trackers':
        return this.announcing.change(event.change);
      case 'banned':
        return this.relations.ban(event.address, 'was banned by the user', 'ERR_PEER_BANNED');
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

  // The data plane: called per block or run, straight from the host's batches.

  blockLanded(peer: Peer, piece: number, begin: number, length: number): void {
    const nowMs = this.#parts.clock.nowMs();
    peer.pace.landed(nowMs - peer.lastBlockMs);
    peer.lastBlockMs = nowMs;
    peer.snubbed = false;
    this.downloadLimit.charge(PIECE_HEADER_BYTES);
    this.intake.landed(peer, piece, begin, length);
    this.intake.refill(peer, nowMs);
  }

  blockReturned(peer: Peer, piece: number, begin: number): void {
    peer.blocksForgiven++;
    this.#returned = true;
    this.intake.returned(peer, piece, begin);
  }

  blockWasted(peer: Peer, length: number): void {
    this.downloadLimit.charge(PIECE_HEADER_BYTES + length);
    this.intake.wastedBytes += length;
    this.relations.unrequested(peer);
  }

  /** A batch of blocks was taken in: complete runs go to the disk, blocks that were given back to somebody else. */
  blocksDone(returned = false): void {
    this.intake.flush();
    this.#discardIfIdle();
    if (!this.#returned && !returned) return;
    this.#returned = false;
    this.relations.feedStarving();
    this.webSeeds.feed();
  }

  /** A batch of runs was stored: memory is free again for those who lacked it. */
  runsDone(): void {
    this.#discardIfIdle();
    this.relations.feedStarving();
    this.webSeeds.feed();
    this.intake.flush();
    if (this.#phase === 'downloading' && this.intake.download.picker.wantedCount === 0) this.#complete();
  }

  /** The messages of one read were taken in: what they asked for is read from disk together. */
  messagesDone(peer: Peer): void {
    if (peer.uploads.wanted.count > 0) this.upload.pump(peer, this.#parts.clock.nowMs());
  }

  blockRequested(peer: Peer, piece: number, begin: number, length: number): void {
    this.downloadLimit.charge(REQUEST_MESSAGE_BYTES);
    this.relations.asked(peer, piece, begin, length);
  }

  blockRead(ticket: number, ok: boolean): void {
    this.upload.blockRead(ticket, ok);
  }

  /** A batch was read from disk. */
  readsDone(): void {
    this.upload.takeTurns(this.#parts.clock.nowMs());
  }

  served(peer: Peer, count: number): void {
    this.upload.served(peer, count, this.#parts.clock.nowMs());
  }

  admit(link: LinkId, address: DialTarget, incoming: boolean): Peer {
    return this.relations.admit(link, address, incoming);
  }

  replace(peer: Peer): void {
    this.relations.drop(peer, 'ERR_PEER_REPLACED', 'makes room for one that may be of more use');
  }

  /** The next address to dial, if the torrent wants one. A seed dials too: a leecher may be unable to reach us. */
  candidate(): DialTarget | undefined {
    return this.welcoming ? this.swarm.nextToDial(this.#parts.clock.nowMs()) : undefined;
  }

  // Pieces.

  #complete(): void {
    this.intake.open = false;
    if (this.had.full && !this.#wasFull) {
      this.#wasFull = true;
      this.announcing.complete();
    }
    this.#setPhase('seeding');
    this.webSeeds.stop();
    this.relations.settleDown(this.spec.seed);
  }

  #reprioritise(priorities: Uint8Array): void {
    this.intake.download.picker.setPriorities(priorities);
    if (this.#phase === 'downloading' || this.#phase === 'seeding') this.#enter();
  }

  /** Somebody waits for pieces, `withinMs` from now, or not any more. */
  #await(first: PieceIndex, last: PieceIndex, withinMs: number | undefined): void {
    const nowMs = this.#parts.clock.nowMs();
    this.intake.setDeadline(first, last, withinMs === undefined ? undefined : nowMs + withinMs);
    if (withinMs === undefined) return;
    for (const peer of this.swarm.peers()) this.intake.refill(peer, nowMs);
    this.webSeeds.feed();
  }

  // Phases.

  #enter(): void {
    if (this.#phase === 'closed') return;
    if (this.#phase === 'paused' || this.#phase === 'error') this.announcing.start();
    if (this.intake.download.picker.wantedCount === 0) return this.#complete();
    this.swarm.candidates.reconsider();
    this.relations.advertising.wantNothing(false);
    this.intake.open = true;
    this.#setPhase('downloading');
    for (const peer of this.swarm.peers()) {
      this.relations.updateInterest(peer);
      this.intake.refill(peer, this.#parts.clock.nowMs());
    }
    this.webSeeds.start();
  }

  #leave(phase: 'paused' | 'closed' | 'error'): void {
    if (this.#phase === 'closed') return;
    this.intake.open = false;
    // Once is enough: who stands still already has said good-bye to the trackers, and may still wait for their answer.
    if (this.#phase !== 'paused' && this.#phase !== 'error') this.announcing.stop();
    this.#setPhase(phase);
    this.relations.dropAll('ERR_PEER_STOPPED', 'the torrent stops');
    this.webSeeds.stop();
    this.upload.forget();
    this.recheck.resume();
    // The last words go out at once: nobody waits for the next tick of a client that is being closed.
    this.#announce();
    this.#discardIfIdle();
  }

  /** The files are to be hashed again. Who is paused stays so. */
  #standStill(): void {
    if (this.#phase !== 'downloading' && this.#phase !== 'seeding') return;
    this.recheck.begin(this.#parts.clock.nowMs());
    this.webSeeds.stop();
    this.#setPhase('checking');
    this.#discardIfIdle();
  }

  #breakDown(error: StorageError): void {
    if (this.#phase === 'error' || this.#phase === 'closed') return;
    this.#leave('error');
    this.#observer.failed(error);
  }

  /** A torrent that stands still holds no piece memory: what is not complete by then is fetched again. */
  #discardIfIdle(): void {
    if (this.#phase === 'downloading' || this.#phase === 'seeding') return;
    this.intake.download.pieces.discard();
  }

  #setPhase(phase: TorrentPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#observer.phaseChanged(phase);
  }

  // Time and trackers.

  #tick(): void {
    this.intake.rate.tick(this.#parts.clock.nowMs());
    this.relations.tick(this.#phase === 'seeding');
    this.recheck.tick(this.#parts.clock.nowMs());
    this.webSeeds.tick();
    this.#watchGoal();
    this.#announce();
  }

  /** Enough was sent: the torrent stands still until it is resumed. */
  #watchGoal(): void {
    const reached = this.goals.tick(this.#phase === 'seeding', this.#parts.clock.nowMs());
    if (reached === undefined) return;
    this.#leave('paused');
    this.#observer.goalReached(reached);
  }

  #announce(): void {
    const needPeers = this.#phase === 'downloading' && this.swarm.size < PEERS_WANTED;
    this.announcing.tick(this.#parts.clock.nowMs(), needPeers, () => standingOf(this, this.#parts));
  }

  #learn(ticket: number, answer: AnnounceReply | SourceError): void {
    const { addresses, warning } = this.announcing.announced(ticket, answer, this.#parts.clock.nowMs());
    if (warning !== undefined) this.#observer.warned(warning);
    for (const address of addresses) this.swarm.candidates.add(address, 'tracker');
  }
}
