// What peers are told about us: which pieces we have (BEP 3, BEP 6) or lost (BEP 54), what they may fetch while choked
// (BEP 6), which extensions we speak (BEP 10), and that we want nothing more (BEP 21). When super-seeding, less than the truth (BEP 16).
import { Bitfield } from '../../base/bitfield.ts';
import type { ExtendedHandshake } from '../../protocol/extension/handshake.ts';
import { encodeAllowedFast, encodeHave, encodeSuggest } from '../../protocol/wire/message-writer.ts';
import type { WireMessage } from '../../protocol/wire/messages.ts';
import type { ExtendedMessages } from '../extensions/extended-messages.ts';
import { tellLoss } from '../extensions/piece-loss.ts';
import type { PiecePicker } from '../picker/piece-picker.ts';
import { portTowards } from '../portmap/own-ports.ts';
import { plainHost } from '../swarm/candidates.ts';
import { FastGrants, piecesToGrant } from '../swarm/fast-grants.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { HotSuggestions } from '../upload/hot-suggestions.ts';
import type { Upload } from '../upload/upload.ts';
import type { PieceIndex } from './geometry.ts';
import { extendedHandshake, introduction, nodePortFor, offerTo, withdrawing } from './greeting.ts';
import { HaveNews } from './have-news.ts';
import { SuperSeeding } from './super-seeding.ts';
import type { TorrentParts, TorrentSpec } from './torrent-spec.ts';

/** What advertising works with. */
export interface AdvertisingParts {
  readonly spec: TorrentSpec;
  readonly shared: TorrentParts;
  readonly picker: PiecePicker;
  readonly upload: Upload;
  readonly swarm: Swarm;
  readonly extended: ExtendedMessages;
  readonly send: (peer: Peer, bytes: Uint8Array) => void;
}

/** A torrent's word to its peers. */
export class Advertising {
  readonly #parts: AdvertisingParts;
  #uploadOnly = false;
  readonly #suggestions = new HotSuggestions();
  readonly #superSeeding: SuperSeeding | undefined;
  #superSeeded = false;
  readonly #news: HaveNews;

  constructor(parts: AdvertisingParts) {
    this.#parts = parts;
    this.#news = new HaveNews({ listeners: () => this.#listeners(), send: parts.send });
    parts.upload.servesWhileChoked = (peer, piece) => peer.grants?.use(piece, peer.pieces.have) ?? false;
    const { spec, shared, picker } = parts;
    if (!spec.superSeed) return;
    const show = (peer: Peer, piece: PieceIndex) => parts.send(peer, encodeHave(piece));
    const superSeeding = new SuperSeeding({ geometry: spec.geometry, picker, random: shared.random, show });
    parts.upload.withholds = (peer, piece) => superSeeding.withholds(peer, piece);
    parts.upload.emptied = (peer) => {
      superSeeding.emptied(peer, shared.clock.nowMs());
      this.#watchSuperSeeding();
    };
    this.#superSeeding = superSeeding;
    this.#superSeeded = true;
  }

  /** To a peer that has just shaken hands. */
  introduce(peer: Peer): void {
    const { picker, send } = this.#parts;
    this.#tellNews();
    const claimed = this.#hides(peer) ? new Bitfield(picker.had.length) : picker.had;
    for (const bytes of introduction(peer, claimed, this.#offerTo(peer), this.#nodePortFor(peer))) send(peer, bytes);
  }

  #nodePortFor(peer: Peer): number | undefined {
    const { spec, shared } = this.#parts;
    return nodePortFor(peer, spec.private ? undefined : shared.dht);
  }

  /** To a peer that was told while we looked for the metadata that we have nothing, and perhaps of extensions that a private torrent lacks. */
  acquaint(peer: Peer): void {
    const { picker, send } = this.#parts;
    this.#tellNews();
    if (peer.extensions) send(peer, extendedHandshake(withdrawing(this.#offerTo(peer))));
    if (this.#hides(peer) || picker.had.count === 0) return;
    for (let piece = 0; piece < picker.had.length; piece++) if (picker.had.has(piece)) send(peer, encodeHave(piece));
  }

  /** The peer has said something: once it is known what it has, a newcomer gets a few pieces to trade with (BEP 6). */
  heardOf(peer: Peer, message: WireMessage): void {
    if (peer.pieces.have.full) this.#endSuperSeeding();
    if (message.type === 'have' && this.#superSeeds) {
      this.#superSeeding!.seen(message.piece, this.#parts.shared.clock.nowMs());
      this.#watchSuperSeeding();
    }
    if (this.#superSeeding?.knows(peer)) return;
    if (!peer.fast || peer.grants !== undefined || peer.mayDeclarePieces || peer.closing) return;
    const { spec, shared, picker, send } = this.#parts;
    const { infoHash, geometry } = spec;
    peer.grants = new FastGrants();
    const facts = { host: peer.address.host, infoHash, geometry, had: picker.had, has: peer.pieces.have };
    const pieces = piecesToGrant({ ...facts, sha1: shared.sha1 });
    peer.grants.grant(pieces, geometry);
    for (const piece of pieces) send(peer, encodeAllowedFast(piece));
  }

  /** We have a piece: those who lack it are told, now or within a tick. */
  gained(piece: PieceIndex): void {
    this.#news.gained(piece, this.#parts.shared.clock.nowMs());
  }

  /** A piece that we told of is gone from the disk: the picker knows already. Returns who counts on it and cannot be told. */
  lost(piece: PieceIndex): Iterable<Peer> {
    const { swarm, extended, upload } = this.#parts;
    this.#tellNews();
    return tellLoss(piece, swarm.peers(), extended, upload);
  }

  /** We want nothing more, or want something again. Who does not take the message gets another handshake. */
  wantNothing(uploadOnly: boolean): void {
    if (uploadOnly === this.#uploadOnly) return;
    this.#uploadOnly = uploadOnly;
    this.#tellNews();
    if (!this.#superSeeds) this.#tellWants();
  }

  forget(peer: Peer): void {
    this.#superSeeding?.forget(peer);
  }

  /** Control tick. */
  tick(nowMs: number): void {
    this.#news.tell(nowMs);
    if (!this.#superSeeds) return this.#suggest(nowMs);
    this.#superSeeding!.tick(nowMs);
    this.#watchSuperSeeding();
  }

  /** To be called after whatever may have ended it. */
  #watchSuperSeeding(): void {
    const active = this.#superSeeds;
    if (this.#superSeeded && !active) this.#tellWants();
    this.#superSeeded = active;
  }

  /** Who claims to have nothing cannot say that it wants nothing. */
  get #superSeeds(): boolean {
    return this.#superSeeding?.active ?? false;
  }

  #tellNews(): void {
    this.#news.tell(this.#parts.shared.clock.nowMs());
  }

  #hides(peer: Peer): boolean {
    const { picker, shared } = this.#parts;
    if (!this.#superSeeds || !picker.had.full) return false;
    this.#superSeeding!.meet(peer, shared.clock.nowMs());
    return true;
  }

  #endSuperSeeding(): void {
    this.#superSeeding?.end();
    this.#watchSuperSeeding();
  }

  #suggest(nowMs: number): void {
    const { upload, send } = this.#parts;
    const suggest = (peer: Peer, piece: PieceIndex) => send(peer, encodeSuggest(piece));
    this.#suggestions.tick(this.#listeners(), nowMs, () => upload.hotPieces(), suggest);
  }

  #tellWants(): void {
    const payload = Uint8Array.of(Number(this.#uploadOnly));
    for (const peer of this.#listeners()) {
      if (!peer.extensions || this.#parts.extended.sendExtended(peer, 'upload_only', payload)) continue;
      this.#parts.send(peer, extendedHandshake(this.#offerTo(peer)));
    }
  }

  *#listeners(): Generator<Peer> {
    for (const peer of this.#parts.swarm.peers()) if (peer.ready && !peer.closing) yield peer;
  }

  #offerTo(peer: Peer): ExtendedHandshake {
    const { spec, shared, extended } = this.#parts;
    return offerTo(peer, {
      clientName: shared.clientName,
      listenPort: portTowards(plainHost(peer.address), shared),
      advertised: extended.advertised,
      metadataBytes: spec.infoBytes?.length,
      uploadOnly: this.#uploadOnly && !this.#superSeeds,
      ...shared.external.addresses,
    });
  }
}
