// What one of the two hosts of a JointHost says, on its way to the engine: only the host that has a link is heard about it.
import type { LinkEnd, LinkId, PeerAddress, PeerSink, Transport } from '../../../engine/ports.ts';
import type { JointDial } from './joint-dial.ts';

/** Which host has which link. */
export interface JointLinks {
  readonly homes: Map<LinkId, Transport>;
  /** Links of which that is not decided yet. */
  readonly dials: Map<LinkId, JointDial>;
  /** A link that was dialled is this host's from now on. */
  settle(link: LinkId, transport: Transport): void;
}

export class JointSink implements PeerSink {
  readonly #transport: Transport;
  readonly #links: JointLinks;
  readonly #sink: PeerSink;

  constructor(transport: Transport, links: JointLinks, sink: PeerSink) {
    this.#transport = transport;
    this.#links = links;
    this.#sink = sink;
  }

  connected(link: LinkId, host?: string): void {
    this.#links.dials.get(link)?.connected(this.#transport, host);
  }

  admits(address: PeerAddress): boolean {
    return this.#sink.admits?.(address) ?? true;
  }

  incoming(link: LinkId, address: PeerAddress): void {
    this.#links.homes.set(link, this.#transport);
    this.#sink.incoming(link, address, this.#transport);
  }

  handshake(link: LinkId, bytes: Uint8Array): void {
    this.#links.settle(link, this.#transport);
    if (this.#has(link)) this.#sink.handshake(link, bytes);
  }

  requests(link: LinkId, batch: Int32Array, count: number): void {
    if (this.#has(link)) this.#sink.requests(link, batch, count);
  }

  message(link: LinkId, id: number, payload: Uint8Array): void {
    if (this.#has(link)) this.#sink.message(link, id, payload);
  }

  keepAlive(link: LinkId): void {
    if (this.#has(link)) this.#sink.keepAlive(link);
  }

  messagesDone(link: LinkId): void {
    if (this.#has(link)) this.#sink.messagesDone(link);
  }

  /** A host tells of blocks only where it was asked for some, so the link is its own. */
  blocks(batch: Int32Array, count: number): void {
    this.#sink.blocks(batch, count);
  }

  served(link: LinkId, count: number): void {
    if (this.#has(link)) this.#sink.served(link, count);
  }

  closed(link: LinkId, end: LinkEnd): void {
    if (!this.#has(link)) return this.#links.dials.get(link)?.closed(this.#transport, end);
    this.#links.homes.delete(link);
    this.#sink.closed(link, end);
  }

  #has(link: LinkId): boolean {
    return this.#links.homes.get(link) === this.#transport;
  }
}
