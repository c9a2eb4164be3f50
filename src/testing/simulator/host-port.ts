// The engine's PeerPort on a simulated host. Control messages are the real bytes, from one engine's encoder to another's
// decoder; only blocks have none. Each incarnation of a host has a port of its own.
import { assert } from '../../base/assert.ts';
import { BlockBatch } from '../../engine/block-batch.ts';
import {
  ASKED_STRIDE,
  type DialTarget,
  type LinkEnd,
  type LinkId,
  OUTCOME_LANDED,
  OUTCOME_RETURNED,
  OUTCOME_WASTED,
  type PeerPort,
  type PeerSink,
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
  SERVE_BEGIN,
  SERVE_LENGTH,
  SERVE_OFFSET,
  SERVE_PIECE,
  SERVE_PLACE,
  SERVE_STRIDE,
} from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../engine/torrent/geometry.ts';
import { REQUEST } from '../../protocol/wire/message-id.ts';
import type { BlockRange } from '../../protocol/wire/messages.ts';
import type { EndOwner, Wire } from './connection.ts';
import type { EventQueue } from './event-queue.ts';
import type { Manners } from './manners.ts';
import { PortLink } from './port-link.ts';
import type { PrivacyWatch } from './privacy-watch.ts';
import type { RequestLog } from './request-log.ts';
import type { StampedArena } from './stamped-arena.ts';
import { TRACE, type TraceHash } from './trace-hash.ts';
import type { NetworkNode, VirtualNetwork } from './virtual-network.ts';

/** What a port runs on. */
export interface PortParts {
  readonly queue: EventQueue;
  readonly network: VirtualNetwork;
  readonly arena: StampedArena;
  readonly node: NetworkNode;
  readonly trace: TraceHash;
  /** Number of the host, for the trace. */
  readonly host: number;
  readonly manners: Manners;
  readonly requests: RequestLog;
  readonly privacy: PrivacyWatch;
}

export class HostPort implements PeerPort {
  readonly parts: PortParts;
  readonly #links = new Map<LinkId, PortLink>();
  readonly #batch = new BlockBatch();
  readonly #asked = new Int32Array(ASKED_STRIDE);
  #sink: PeerSink | undefined;
  #nextIncoming = 1;

  constructor(parts: PortParts) {
    this.parts = parts;
  }

  start(sink: PeerSink): void {
    this.#sink = sink;
  }

  get links(): Iterable<PortLink> {
    return this.#links.values();
  }

  /** The machine is switched off: nothing of this port is heard of again, and its peers find their links closed. */
  vanish(): void {
    this.#sink = undefined;
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  /** A stranger's connection. */
  accept(wire: Wire): EndOwner {
    const id = this.#nextIncoming;
    this.#nextIncoming += 2;
    const link = this.#newLink(id);
    link.wire = wire;
    this.#note(TRACE.incoming, id, wire.remote.port);
    this.#sink?.incoming(id, wire.remote, wire.transport);
    return link;
  }

  /** Nothing is encrypted here, so strangers name a torrent by its info hash. */
  share(infoHash: Uint8Array): void {
    assert(infoHash.length === 20, 'an info hash has 20 bytes');
  }

  unshare(infoHash: Uint8Array): void {
    assert(infoHash.length === 20, 'an info hash has 20 bytes');
  }

  connect(id: LinkId, address: DialTarget, timeoutMs: number, infoHash: Uint8Array): void {
    const { network, node, privacy, host } = this.parts;
    privacy.dialled(infoHash, host, address);
    const link = this.#newLink(id);
    link.giveUp = network.dial(node, address, link, timeoutMs);
  }

  send(link: LinkId, bytes: Uint8Array): void {
    this.#links.get(link)?.send(bytes);
  }

  limitMessages(link: LinkId, bytesMax: number): void {
    assert(bytesMax > 0, 'a peer may say something');
    const portLink = this.#links.get(link);
    if (portLink !== undefined) portLink.messageBytesMax = bytesMax;
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    const portLink = this.#links.get(link);
    if (portLink === undefined) return;
    for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      const piece = batch[at + REQUEST_PIECE]!;
      portLink.expect(piece, batch[at + REQUEST_BEGIN]!, batch[at + REQUEST_LENGTH]!, batch[at + REQUEST_PLACE]!);
    }
    portLink.sendRequests(batch, count);
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    this.#links.get(link)?.revoke(piece, begin, cancel);
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    this.#links.get(link)?.revokeAll(cancel);
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    const portLink = this.#links.get(link);
    for (let at = 0; portLink !== undefined && at < count * SERVE_STRIDE; at += SERVE_STRIDE) {
      const place = batch[at + SERVE_PLACE]! + Math.floor(batch[at + SERVE_OFFSET]! / BLOCK_BYTES);
      portLink.serve(batch[at + SERVE_PIECE]!, batch[at + SERVE_BEGIN]!, batch[at + SERVE_LENGTH]!, place);
    }
  }

  move(fromPlace: number, toPlace: number): void {
    this.parts.arena.move(fromPlace, toPlace);
  }

  close(link: LinkId): void {
    this.#links.get(link)?.close();
  }

  // What links tell.

  connected(link: PortLink): void {
    this.#note(TRACE.connected, link.id, 0);
    this.#sink?.connected(link.id, link.wire!.remote.host, link.wire!.transport);
  }

  handshake(link: PortLink, bytes: Uint8Array): void {
    this.#note(TRACE.control, link.id, -1);
    this.#sink?.handshake(link.id, bytes);
  }

  message(link: PortLink, id: number, payload: Uint8Array): void {
    this.#note(TRACE.control, link.id, (payload.length << 8) | id);
    this.#sink?.message(link.id, id, payload);
  }

  /** A REQUEST, which comes in numbers, as the host tells them. */
  requested(link: PortLink, { piece, begin, length }: BlockRange): void {
    this.#note(TRACE.control, link.id, (12 << 8) | REQUEST);
    this.#asked.set([piece, begin, length]);
    this.#sink?.requests(link.id, this.#asked, 1);
  }

  keepAlive(link: PortLink): void {
    this.#sink?.keepAlive(link.id);
  }

  messagesDone(link: PortLink): void {
    this.#sink?.messagesDone(link.id);
  }

  landed(link: PortLink, piece: number, begin: number, length: number): void {
    this.#block(link, piece, begin, length, OUTCOME_LANDED);
  }

  wasted(link: PortLink, piece: number, begin: number, length: number): void {
    this.#block(link, piece, begin, length, OUTCOME_WASTED);
  }

  returned(link: PortLink, piece: number, begin: number, length: number): void {
    this.#block(link, piece, begin, length, OUTCOME_RETURNED);
  }

  served(link: PortLink, piece: number): void {
    this.#note(TRACE.served, link.id, piece);
    this.#sink?.served(link.id, 1);
  }

  ended(link: PortLink, end: LinkEnd): void {
    this.#links.delete(link.id);
    this.#note(TRACE.closed, link.id, end.code.length);
    this.#sink?.closed(link.id, end);
  }

  #block(link: PortLink, piece: number, begin: number, length: number, outcome: number): void {
    this.#batch.add(link.id, piece, begin, length, outcome);
    this.#note(TRACE.landed + outcome, link.id, piece * 4099 + begin);
    this.#sink?.blocks(this.#batch.take(), 1);
  }

  #newLink(id: LinkId): PortLink {
    assert(!this.#links.has(id), 'a link has a number of its own');
    const link = new PortLink(id, this);
    this.#links.set(id, link);
    return link;
  }

  #note(kind: number, first: number, second: number): void {
    this.parts.trace.note(this.parts.queue.nowMs, this.parts.host, kind, first, second);
  }
}
