// The one engine's port in a swarm of peers that follow a script. Who is behind an address is told beforehand; who dials
// anybody else is refused.
import type { DialTarget, LinkEnd, LinkId, PeerAddress, Transport } from '../../engine/ports.ts';
import type { EndOwner, Wire } from './connection.ts';
import { HostPort, type PortParts } from './host-port.ts';
import { Line } from './line.ts';
import type { PortLink } from './port-link.ts';
import { type RemoteHabits, RemotePeer, type RemoteWiring } from './remote-peer.ts';
import type { NetworkNode } from './virtual-network.ts';

/** How long the engine tries to connect is its own affair; peers try so long. */
const DIAL_TIMEOUT_MS = 60_000;

export class ScriptedSwarm extends HostPort {
  /** Every link there ever was, oldest first. */
  readonly remotes: RemotePeer[] = [];
  /** Addresses that the engine dialled, oldest first. */
  readonly dialled: DialTarget[] = [];
  readonly #wiring: RemoteWiring;
  readonly #remotes = new Map<LinkId, RemotePeer>();

  constructor(parts: PortParts, wiring: RemoteWiring) {
    super(parts);
    this.#wiring = wiring;
  }

  /** Links of the engine that are not closed. */
  get open(): readonly RemotePeer[] {
    return [...this.#remotes.values()];
  }

  /** Somebody accepts connections at this address from now on. */
  listen(address: PeerAddress, habits: RemoteHabits): void {
    this.parts.network.join(this.#node(address, habits));
  }

  /** The name stands for this address; the engine learns it when it is connected. */
  resolve(name: string, host: string): void {
    this.parts.network.resolve(name, host);
  }

  /** Somebody connects to the engine's port. */
  dialIn(address: PeerAddress, habits: RemoteHabits, transport: Transport = 'tcp'): RemotePeer {
    const { network, node } = this.parts;
    const remote = this.#newRemote(address, habits);
    network.dial(this.#node(address, habits), { ...node.address, via: transport }, remote, DIAL_TIMEOUT_MS);
    return remote;
  }

  override accept(wire: Wire): EndOwner {
    const owner = super.accept(wire);
    const remote = wire.far as RemotePeer;
    remote.address = wire.remote;
    this.#remotes.set(remote.meet(owner as PortLink), remote);
    return owner;
  }

  override connect(id: LinkId, target: DialTarget, timeoutMs: number, infoHash: Uint8Array): void {
    this.dialled.push(target);
    const remote = this.#newRemote(target, {});
    this.#remotes.set(id, remote);
    super.connect(id, target, timeoutMs, infoHash);
  }

  override ended(link: PortLink, end: LinkEnd): void {
    this.#remotes.get(link.id)?.parted();
    this.#remotes.delete(link.id);
    super.ended(link, end);
  }

  /** A machine with the fastest of lines. */
  #node(address: PeerAddress, habits: RemoteHabits): NetworkNode {
    return {
      address,
      line: new Line(this.parts.queue, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
      delayMs: 0,
      nat: false,
      online: true,
      side: 0,
      accept: (wire) => {
        const link = wire.far as PortLink;
        const remote = this.#remotes.get(link.id)!;
        remote.meet(link);
        remote.habits = habits;
        remote.connected(wire);
        return remote;
      },
    };
  }

  #newRemote(address: PeerAddress, habits: RemoteHabits): RemotePeer {
    const remote = new RemotePeer(address, habits, this.#wiring);
    this.remotes.push(remote);
    return remote;
  }
}
