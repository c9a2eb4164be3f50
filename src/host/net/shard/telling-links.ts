// What a shard says, on its way to the engine. A shard may have said more of a link when the engine closes it: what is in
// the ring by then is kept back, but for blocks and their places, and for the end.
import type { LinkEnd, LinkId, PeerAddress, PeerSink } from '../../../engine/ports.ts';
import type { ShardListener } from './event-reader.ts';
import type { Listeners } from './listeners.ts';
import type { Shard } from './shard.ts';

/** A link, as the engine's thread knows it. */
export interface ShardLink {
  readonly shard: Shard;
  /** The engine has closed it. */
  closing: boolean;
  encrypted: boolean;
  /** Why it was closed, when the shard is not who knows. */
  end: LinkEnd | undefined;
}

export interface TellingParts {
  /** Of all shards. */
  readonly links: Map<LinkId, ShardLink>;
  readonly sink: PeerSink;
  /** Whether somebody at this address may come in. */
  readonly admits: (address: PeerAddress) => boolean;
  /** A stranger is let in: the link is to be among `links` from now on. */
  readonly admitted: (link: LinkId) => void;
  readonly refused: (link: LinkId) => void;
  readonly listeners: Listeners;
  readonly down: () => void;
}

export class TellingLinks implements ShardListener {
  readonly #parts: TellingParts;

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  connected(link: LinkId, host: string): void {
    if (this.#heard(link)) this.#parts.sink.connected(link, host);
  }

  /** He waits in the shard, where nothing is made for him before he is let in. */
  incoming(link: LinkId, address: PeerAddress): void {
    const { sink, admits, admitted, refused } = this.#parts;
    if (!admits(address)) return refused(link);
    admitted(link);
    sink.incoming(link, address, 'tcp');
  }

  handshake(link: LinkId, bytes: Uint8Array, encrypted: boolean): void {
    if (!this.#heard(link)) return;
    const told = this.#parts.links.get(link)!;
    told.encrypted = encrypted;
    this.#parts.sink.handshake(link, bytes);
    told.shard.commands.resume(link);
  }

  requests(link: LinkId, batch: Int32Array, count: number): void {
    if (this.#heard(link)) this.#parts.sink.requests(link, batch, count);
  }

  message(link: LinkId, id: number, payload: Uint8Array): void {
    if (this.#heard(link)) this.#parts.sink.message(link, id, payload);
  }

  keepAlive(link: LinkId): void {
    if (this.#heard(link)) this.#parts.sink.keepAlive(link);
  }

  messagesDone(link: LinkId): void {
    if (this.#heard(link)) this.#parts.sink.messagesDone(link);
  }

  blocks(batch: Int32Array, count: number): void {
    this.#parts.sink.blocks(batch, count);
  }

  served(link: LinkId, count: number): void {
    this.#parts.sink.served(link, count);
  }

  closed(link: LinkId, end: LinkEnd): void {
    const told = this.#parts.links.get(link)!;
    this.#parts.links.delete(link);
    told.shard.links--;
    this.#parts.sink.closed(link, told.end ?? end);
  }

  listening(ticket: number, address: PeerAddress): void {
    this.#parts.listeners.listening(ticket, address);
  }

  notListening(ticket: number, reason: LinkEnd): void {
    this.#parts.listeners.notListening(ticket, reason);
  }

  down(): void {
    this.#parts.down();
  }

  #heard(link: LinkId): boolean {
    const told = this.#parts.links.get(link);
    return told !== undefined && !told.closing;
  }
}
