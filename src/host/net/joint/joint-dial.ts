// A link that is being dialled by two hosts, TCP in one and uTP in the other, until the peer's handshake says which of them has
// it. What the engine says meanwhile is kept, for it may have to be said again: a client that was told to use uTP alone may take
// TCP connections and close them. Requests and blocks wait for the handshake, so that no place is ever in two hands.
import type { DialTarget, LinkEnd, LinkId, PeerPort, Transport } from '../../../engine/ports.ts';
import { CONTROL_QUEUE_BYTES } from '../../limits.ts';
import { TransportRace } from '../transport-race.ts';

export interface JointDialParts {
  readonly link: LinkId;
  readonly target: DialTarget;
  readonly timeoutMs: number;
  readonly infoHash: Uint8Array;
  /** One at least. */
  readonly order: readonly Transport[];
  readonly ports: Readonly<Record<Transport, PeerPort>>;
  /** The first connection stands. */
  readonly connected: (host: string | undefined, transport: Transport) => void;
  /** Nobody has it. Not called after `giveUp`. */
  readonly ended: (end: LinkEnd) => void;
}

type Command = (port: PeerPort) => void;

export class JointDial {
  readonly #parts: JointDialParts;
  readonly #startedMs = performance.now();
  #race: TransportRace<LinkEnd>;
  /** Who has a link of this number. */
  readonly #started = new Set<Transport>();
  /** Those of them that were given up, whose end has not come yet; and whoever is to be started again when it has. */
  readonly #ending = new Set<Transport>();
  readonly #again = new Set<Transport>();
  /** Connected, and hung up on. */
  readonly #exhausted = new Set<Transport>();
  #leader: Transport | undefined;
  readonly #said: Command[] = [];
  #saidBytes = 0;
  readonly #wanted: Command[] = [];
  #told = false;

  constructor(parts: JointDialParts) {
    this.#parts = parts;
    this.#race = this.#newRace(parts.order);
  }

  get target(): DialTarget {
    return this.#parts.target;
  }

  /** Who is connected, as far as is known. */
  get leader(): Transport | undefined {
    return this.#leader;
  }

  start(): void {
    this.#race.start();
  }

  /** Control words; false when they are more than may wait. */
  say(command: Command, bytes: number): boolean {
    this.#said.push(command);
    this.#saidBytes += bytes;
    if (this.#leader !== undefined) command(this.#parts.ports[this.#leader]);
    return this.#saidBytes <= CONTROL_QUEUE_BYTES;
  }

  /** Something about blocks: carried out when the handshake has come. */
  want(command: Command): void {
    this.#wanted.push(command);
  }

  connected(transport: Transport, host: string | undefined): void {
    if (this.#leader !== undefined) return;
    this.#leader = transport;
    this.#race.stop();
    for (const other of this.#started) if (other !== transport) this.#end(other);
    for (const command of this.#said) command(this.#parts.ports[transport]);
    if (this.#told) return;
    this.#told = true;
    this.#parts.connected(host, transport);
  }

  /** A link of one of the hosts has ended. */
  closed(transport: Transport, end: LinkEnd): void {
    this.#started.delete(transport);
    if (this.#ending.delete(transport)) {
      if (this.#again.delete(transport)) this.#startAt(transport);
      return;
    }
    if (transport !== this.#leader) return this.#race.failed(transport, end);
    this.#leader = undefined;
    this.#exhausted.add(transport);
    const others = this.#parts.order.filter((other) => !this.#exhausted.has(other));
    if (others.length === 0 || endsIt(end)) return this.#parts.ended(end);
    this.#race = this.#newRace(others);
    this.#race.start();
  }

  /** The peer's handshake has come: from here on the link is that host's alone, which is told what else was wanted. */
  settle(transport: Transport): void {
    for (const command of this.#wanted) command(this.#parts.ports[transport]);
  }

  giveUp(): void {
    this.#race.stop();
    for (const transport of this.#started) this.#end(transport);
    this.#again.clear();
  }

  #newRace(order: readonly Transport[]): TransportRace<LinkEnd> {
    return new TransportRace({
      order,
      start: (transport) => this.#startAt(transport),
      lost: (failure) => {
        this.giveUp();
        this.#parts.ended(failure);
      },
    });
  }

  #startAt(transport: Transport): void {
    if (this.#ending.has(transport)) {
      this.#again.add(transport);
      return;
    }
    this.#started.add(transport);
    const { link, target, timeoutMs, infoHash, ports } = this.#parts;
    const leftMs = Math.max(1, Math.ceil(this.#startedMs + timeoutMs - performance.now()));
    // Who was connected before has the whole time to answer another way.
    ports[transport].connect(link, { ...target, via: transport }, this.#told ? timeoutMs : leftMs, infoHash);
  }

  #end(transport: Transport): void {
    if (this.#ending.has(transport)) return;
    this.#ending.add(transport);
    this.#parts.ports[transport].close(this.#parts.link);
  }
}

/** It was our doing, or the peer has spoken: what it says does not become better over another transport. */
function endsIt({ code }: LinkEnd): boolean {
  return code === 'ERR_LINK_CLOSED_HERE' || code === 'ERR_LINK_SEND_QUEUE' || code.startsWith('ERR_WIRE_');
}
