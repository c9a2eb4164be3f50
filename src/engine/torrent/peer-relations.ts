// A torrent's dealings with its peers, from the first handshake to the last word: who is let in, what each message sets
// off, who is kept waiting and who is shown the door. Which blocks to ask for is the intake's business.
import { assert, assertNever } from '../../base/assert.ts';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerError } from '../../base/errors.ts';
import { fromRandomStart } from '../../base/random-start.ts';
import type { Handshake } from '../../protocol/wire/handshake.ts';
import { INTERESTED_MESSAGE, KEEP_ALIVE, NOT_INTERESTED_MESSAGE } from '../../protocol/wire/message-writer.ts';
import { decodeMessage } from '../../protocol/wire/messages.ts';
import type { PeerContacts } from '../extensions/peer-contacts.ts';
import { TorrentExtensions } from '../extensions/torrent-extensions.ts';
import { areUseless, haveProvedUseless } from '../extensions/upload-only.ts';
import { TICK_LATE_MS } from '../limits.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { type DialTarget, isOutage, type LinkEnd, type LinkId, type PeerAddress } from '../ports.ts';
import { Candidates } from '../swarm/candidates.ts';
import { converse, type Reaction } from '../swarm/conversation.ts';
import { noteUse } from '../swarm/idle-places.ts';
import { judge } from '../swarm/patience.ts';
import { Peer } from '../swarm/peer.ts';
import { surplusOf } from '../swarm/surplus.ts';
import { Swarm } from '../swarm/swarm.ts';
import { costOf } from '../swarm/talk.ts';
import type { Upload } from '../upload/upload.ts';
import { Advertising } from './advertising.ts';
import { Choking } from './choking.ts';
import type { PieceIndex } from './geometry.ts';
import { greeting, hearNodePort, lesserTwin, welcome } from './greeting.ts';
import type { Intake } from './intake.ts';
import { MESSAGE_BYTES_MAX, UNREQUESTED_BLOCKS_MAX } from './limits.ts';
import type { TorrentParts, TorrentSpec, Warning } from './torrent-spec.ts';

/** What peer relations work with. */
export interface RelationsParts {
  readonly spec: TorrentSpec;
  readonly shared: TorrentParts;
  readonly intake: Intake;
  readonly upload: Upload;
  readonly warn: (warning: Warning) => void;
  /** Addresses that are known already. */
  readonly candidates?: Candidates;
}

/** The peers of one torrent and all that passes between them and us, blocks apart. */
export class PeerRelations {
  readonly swarm: Swarm;
  readonly #parts: RelationsParts;
  /** Who of them may download; the session shares the slots out. */
  readonly choking: Choking;
  readonly advertising: Advertising;
  readonly #extensions: TorrentExtensions;
  #lastTickMs: number | undefined;

  constructor(parts: RelationsParts) {
    this.#parts = parts;
    this.swarm = new Swarm(parts.candidates ?? new Candidates(parts.shared.refuses));
    this.swarm.candidates.restoreBans(parts.spec.banned ?? []);
    this.swarm.peersMax = Math.min(parts.spec.peersMax ?? this.swarm.peersMax, this.swarm.peersMax);
    this.choking = new Choking(parts.shared.peers, parts.upload, this.swarm, parts.shared.random);
    const { spec, shared, intake, upload } = parts;
    const { swarm } = this;
    const send = (peer: Peer, bytes: Uint8Array): void => this.#send(peer, bytes);
    const lost = (peer: Peer): void => this.updateInterest(peer);
    this.#extensions = new TorrentExtensions({ spec, shared, intake, swarm, send, lost });
    const { messages: extended } = this.#extensions;
    this.advertising = new Advertising({ spec, shared, picker: intake.download.picker, upload, swarm, extended, send });
  }

  /** A link to this torrent begins: dialled by us, or accepted and known by its handshake. */
  admit(link: LinkId, address: DialTarget, incoming: boolean): Peer {
    const pieces = new PeerPieces(new Bitfield(this.#parts.spec.geometry.pieceCount));
    const peer = new Peer(link, address, incoming, pieces);
    peer.connectedMs = this.#nowMs();
    this.swarm.add(peer);
    return peer;
  }

  get contacts(): PeerContacts {
    return this.#extensions.contacts;
  }

  greet(peer: Peer): void {
    if (peer.closing) return;
    const { spec, shared } = this.#parts;
    this.#send(peer, greeting(spec.infoHash, shared.peerId, shared.dht !== undefined && !spec.private));
  }

  /** The peer's handshake came: it is let in, or turned away. */
  shakeHands(peer: Peer, handshake: Handshake): void {
    if (peer.closing) return;
    const { spec, shared } = this.#parts;
    const refusal = welcome(peer, handshake, { infoHash: spec.infoHash, ownPeerId: shared.peerId });
    if (refusal?.code === 'ERR_PEER_SELF') this.#meetOurselves(peer);
    if (refusal !== undefined) return this.drop(peer, refusal.code, refusal.message);
    const twin = this.swarm.twinOf(peer);
    if (twin !== undefined) {
      const lesser = lesserTwin(peer, twin, shared.peerId);
      this.drop(lesser, 'ERR_PEER_DUPLICATE', 'is connected already');
      if (lesser === peer) return;
    }
    if (peer.incoming) this.greet(peer);
    this.#begin(peer);
    this.advertising.introduce(peer);
  }

  /** A peer that we met while we looked for the metadata: it was told that we have nothing. */
  adopt(peer: Peer, handshake: Handshake): void {
    const { spec, shared } = this.#parts;
    const refusal = welcome(peer, handshake, { infoHash: spec.infoHash, ownPeerId: shared.peerId });
    assert(refusal === undefined, 'an acquaintance was welcome once');
    if (spec.private && this.swarm.candidates.hearsay(peer.address))
      return this.drop(peer, 'ERR_PEER_PRIVATE', 'was named by a peer; peers of this torrent come from its trackers');
    this.#begin(peer);
    this.advertising.acquaint(peer);
  }

  /** Takes in a message. A peer that breaks the protocol is dropped and not dialled again. */
  hear(peer: Peer, id: number, payload: Uint8Array): void {
    if (!this.#bears(peer, costOf(id, payload))) return;
    try {
      const message = decodeMessage(id, payload);
      if (message === undefined) return;
      hearNodePort(peer, message, this.#parts.spec.private ? undefined : this.#parts.shared.dht);
      const topic = { geometry: this.#parts.spec.geometry, picker: this.#parts.intake.download.picker };
      this.#react(peer, converse(peer, message, topic));
      this.advertising.heardOf(peer, message);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.expel(peer, error.code, error.message);
    }
  }

  /** The peer asks for a block. Those that are granted are as many as our upload is fast; those that are refused count. */
  asked(peer: Peer, piece: number, begin: number, length: number): void {
    if (!this.#bears(peer, 0)) return;
    if (!this.#parts.upload.request(peer, piece, begin, length)) this.#bears(peer, 1);
  }

  /** The peer has nothing to say, but is still there. */
  sense(peer: Peer): void {
    this.#bears(peer, 1);
  }

  /** The peer said something that costs so much. Returns whether it is heard: nobody may keep us busy with words. */
  #bears(peer: Peer, cost: number): boolean {
    if (peer.closing) return false;
    peer.lastMessageMs = this.#nowMs();
    if (peer.talk.bears(cost, peer.lastMessageMs, peer.pieces.have.length)) return true;
    this.expel(peer, 'ERR_PEER_FLOOD', 'floods us with messages');
    return false;
  }

  /** A block came that this peer was not asked for. Some cross a CANCEL on the way; more are an attack. */
  unrequested(peer: Peer): void {
    if (peer.blocksForgiven > 0) peer.blocksForgiven--;
    else if (++peer.unrequestedBlocks > UNREQUESTED_BLOCKS_MAX) {
      this.expel(peer, 'ERR_PEER_UNREQUESTED', 'sends blocks that nobody asked for');
    }
  }

  /** The link is gone. */
  forget(peer: Peer, end: LinkEnd, complete: boolean): void {
    const { intake, upload, warn } = this.#parts;
    // Judged before it leaves, while we know what it has; who has not said so yet has proved nothing.
    const useless = !peer.mayDeclarePieces && areUseless(peer, complete);
    upload.peerClosed(peer);
    this.advertising.forget(peer);
    intake.peerClosed(peer);
    intake.download.leave(peer.debt);
    this.swarm.remove(peer);
    this.#extensions.forget(peer);
    if (end.code.startsWith('ERR_WIRE')) {
      this.swarm.candidates.ban(peer.address);
      warn({ code: end.code, message: `${nameOf(peer)} ${end.message}` });
    }
    // A handshake proves little: who only ever hangs up is dialled ever more rarely.
    const address = peer.listening ?? peer.address;
    if (peer.download.totalBytes + peer.upload.totalBytes > 0) this.swarm.candidates.succeeded(address);
    if (peer.claimsCandidate) this.swarm.candidates.ended(address, this.#nowMs(), useless, isOutage(end.code));
    if (!peer.weChoke) this.#parts.shared.uploadSlots.hurry();
    this.feedStarving();
  }

  /** Ends the link, with no hard feelings. */
  drop(peer: Peer, code: string, message: string): void {
    if (peer.closing) return;
    peer.closing = true;
    if (code === 'ERR_PEER_STALLED') this.#parts.warn({ code, message: `${nameOf(peer)} ${message}` });
    this.#parts.shared.peers.close(peer.link);
  }

  dropAll(code: string, message: string): void {
    for (const peer of this.swarm.peers()) this.drop(peer, code, message);
  }

  /** The IP filter is another one: who may not be met any more has to go. */
  sift(): void {
    this.swarm.candidates.sift();
    for (const peer of this.swarm.peers()) {
      if (this.#parts.shared.refuses(peer.host)) this.drop(peer, 'ERR_PEER_FILTERED', 'is filtered');
    }
  }

  /** Ends the link and does not come back. */
  expel(peer: Peer, code: string, message: string): void {
    if (peer.closing) return;
    this.swarm.candidates.ban(peer.address);
    this.#parts.warn({ code, message: `${nameOf(peer)} ${message}` });
    this.drop(peer, code, message);
  }

  /** Bans who sent corrupt blocks, also when it has left since, or has come back by another port. */
  punish(link: LinkId, message: string): void {
    const address = this.swarm.addressOf(link);
    if (address !== undefined) this.ban(address, message);
  }

  ban(address: PeerAddress, message: string, code = 'ERR_PEER_CORRUPT'): void {
    this.swarm.candidates.ban(address);
    for (const peer of this.swarm.peers()) {
      if (this.swarm.candidates.banned(peer.address)) this.expel(peer, code, message);
    }
  }

  /** Tells a peer whether we want something of it, when that has changed. */
  updateInterest(peer: Peer): void {
    if (!peer.ready || peer.closing) return;
    const interested = this.#parts.intake.open && peer.pieces.useful > 0;
    if (interested === peer.weAreInterested) return;
    peer.weAreInterested = interested;
    this.#send(peer, interested ? INTERESTED_MESSAGE : NOT_INTERESTED_MESSAGE);
  }

  /** Tells everybody that we have a piece; those who have it know already. */
  announcePiece(piece: PieceIndex): void {
    this.advertising.gained(piece);
    for (const peer of this.swarm.peers()) {
      if (!peer.ready || peer.closing) continue;
      if (peer.weAreInterested && peer.pieces.useful === 0) this.updateInterest(peer);
    }
  }

  /** A piece that we told of is gone from the disk: peers must not count on it (BEP 54). The picker knows already. */
  announceLoss(piece: PieceIndex): void {
    // Who takes no such message hears what we have when it comes back.
    for (const peer of this.advertising.lost(piece)) this.drop(peer, 'ERR_PEER_LOSS', 'cannot be told what we lost');
    for (const peer of this.swarm.peers()) this.updateInterest(peer);
  }

  /** Asks the peers again that could not be asked for enough: memory, the disk or blocks have become free. */
  feedStarving(): void {
    this.#parts.intake.refillStarving(this.swarm, this.#nowMs());
  }

  /** Control tick. */
  tick(seeding: boolean): void {
    const nowMs = this.#nowMs();
    const elapsedMs = nowMs - (this.#lastTickMs ?? nowMs);
    this.#lastTickMs = nowMs;
    for (const peer of fromRandomStart(this.swarm.peers(), this.#parts.shared.random)) {
      if (peer.closing) continue;
      if (elapsedMs < TICK_LATE_MS) this.#judge(peer, nowMs);
      if (haveProvedUseless(peer, this.#parts.intake.finished, nowMs)) this.#part(peer);
      if (!peer.closing) this.#tickPeer(peer, nowMs);
    }
    for (const peer of surplusOf(this.swarm, this.swarm.peersMax))
      this.drop(peer, 'ERR_PEER_SURPLUS', 'is one more than there may be');
    this.#extensions.tick();
    this.choking.seeding = seeding;
    this.swarm.seeking = !seeding;
    this.advertising.tick(nowMs);
    this.#parts.upload.takeTurns(nowMs);
  }

  /** We have all that we want: so have those who want nothing of us. */
  settleDown(seed: boolean): void {
    this.advertising.wantNothing(true);
    for (const peer of this.swarm.peers()) {
      this.updateInterest(peer);
      if (!seed || areUseless(peer, true)) this.#part(peer);
    }
  }

  #part(peer: Peer): void {
    this.drop(peer, 'ERR_PEER_USELESS', 'wants nothing of us, nor we of it');
  }

  /** From here on the peer is one of us. */
  #begin(peer: Peer): void {
    const nowMs = this.#nowMs();
    peer.ready = true;
    peer.connectedMs = nowMs;
    peer.lastMessageMs = nowMs;
    const { download } = this.#parts.intake;
    this.#parts.shared.peers.limitMessages(
      peer.link,
      Math.max(Math.ceil(download.picker.pieceCount / 8), MESSAGE_BYTES_MAX),
    );
    download.join(peer.debt);
    this.#extensions.contacts.met();
  }

  #react(peer: Peer, reaction: Reaction): void {
    const { intake, upload, shared } = this.#parts;
    const nowMs = this.#nowMs();
    switch (reaction.kind) {
      case 'nothing':
        return;
      case 'pieces-changed':
        // Two peers that want nothing of each other, ever: the slot is for somebody who does.
        if (intake.finished && peer.pieces.have.full) return this.#part(peer);
        this.updateInterest(peer);
        return intake.refill(peer, nowMs);
      case 'unchoked':
      case 'allowed':
        return intake.refill(peer, nowMs);
      case 'choked':
        intake.rest(peer, nowMs);
        // With the fast extension the peer refuses what it will not send, by name, and may still send the rest.
        if (peer.fast) return intake.download.planner.standBack(peer.debt);
        return intake.turnAway(peer, false);
      case 'interest-changed':
        return shared.uploadSlots.hurry();
      case 'request':
        return this.asked(peer, reaction.range.piece, reaction.range.begin, reaction.range.length);
      case 'cancel':
        return upload.cancel(peer, reaction.range.piece, reaction.range.begin, reaction.range.length);
      case 'rejected': {
        // The answer to a CANCEL of ours is no refusal.
        const { piece, begin } = reaction.range;
        if (intake.download.arrivals.isOwed(peer.link, piece, begin)) intake.rest(peer, nowMs);
        return shared.peers.revoke(peer.link, piece, begin, false);
      }
      case 'extended':
        return this.#extensions.messages.hear(peer, reaction.extendedId, reaction.payload);
      default:
        return assertNever(reaction);
    }
  }

  #judge(peer: Peer, nowMs: number): void {
    const verdict = judge(peer, nowMs, this.#parts.intake.download.arrivals.waitsFor(peer.link));
    if (verdict.kind === 'drop') this.drop(peer, verdict.code, verdict.message);
    if (verdict.kind === 'keep-alive') this.#send(peer, KEEP_ALIVE);
    if (verdict.kind === 'snub') this.snub(peer, nowMs);
  }

  #tickPeer(peer: Peer, nowMs: number): void {
    const { intake } = this.#parts;
    peer.download.tick(nowMs);
    peer.upload.tick(nowMs);
    noteUse(peer, nowMs);
    if (peer.uploads.blocksInFlight === 0 || peer.upload.totalBytes > peer.takenBytes) {
      peer.lastTakenMs = nowMs;
      peer.takenBytes = peer.upload.totalBytes;
    }
    const stalls = peer.chokingUs || peer.snubbed || nowMs < peer.restUntilMs;
    const waitedMs = peer.debt.outstanding > 0 ? nowMs - peer.lastBlockMs : 0;
    peer.debt.blockMs = stalls ? Number.POSITIVE_INFINITY : peer.pace.expectedMs(waitedMs);
    // Who chokes us shows no rate to adapt to.
    if (!peer.chokingUs) peer.window.adapt(peer.download.bytesPerSecond);
    // Under a limit the session lets everybody take turns.
    const waiting = peer.starving || peer.debt.outstanding === 0;
    if (waiting && !this.#parts.shared.downloadLimit.limited) intake.refillInTurn(peer, nowMs);
  }

  /** One of our own addresses: it is not dialled again. The end that dialled learns of it by the other's handshake. */
  #meetOurselves(peer: Peer): void {
    if (peer.incoming) this.greet(peer);
    else this.swarm.candidates.avoid(peer.address);
  }

  /** It promised blocks and sent none: what it owes is taken back, and it gets one request at a time until it delivers. */
  snub(peer: Peer, nowMs: number): void {
    this.#parts.intake.turnAway(peer, true);
    peer.window.snub();
    if (peer.snubbed) return;
    peer.snubbed = true;
    peer.snubbedMs = nowMs;
    this.#parts.warn({ code: 'ERR_PEER_SNUBBED', message: `${nameOf(peer)} promised blocks and sent none` });
  }

  #send(peer: Peer, bytes: Uint8Array): void {
    peer.lastSentMs = this.#nowMs();
    this.#parts.shared.peers.send(peer.link, bytes);
  }

  #nowMs(): number {
    return this.#parts.shared.clock.nowMs();
  }
}

function nameOf(peer: Peer): string {
  return `peer ${peer.address.host}:${peer.address.port}`;
}
