// A peer that follows a script: what the engine said to it, and the means to answer. It speaks the real messages; only
// blocks have no bytes.
import { assert } from '../../base/assert.ts';
import { equalBytes } from '../../base/bytes.ts';
import type { Random } from '../../base/clock.ts';
import type { LinkId, PeerAddress } from '../../engine/ports.ts';
import { decodeHandshake, encodeHandshake, HANDSHAKE_BYTES, type Handshake } from '../../protocol/wire/handshake.ts';
import { type BlockRange, decodeMessage, type WireMessage } from '../../protocol/wire/messages.ts';
import type { EndOwner, Wire } from './connection.ts';
import type { EventQueue } from './event-queue.ts';
import { framesIn } from './frames.ts';
import type { Parcel, WireBlock } from './lane.ts';
import type { PortLink } from './port-link.ts';
import { badStamp, type SharedTorrent } from './shared-torrent.ts';

/** What the engine said. */
export type Heard =
  | WireMessage
  | { readonly type: 'keepAlive' }
  | { readonly type: 'handshake'; readonly handshake: Handshake };

/** Who acts as the peer. */
export interface RemoteHabits {
  /** The engine's TCP connection is there, or ours to it. */
  connected?(remote: RemotePeer): void;
  heard?(remote: RemotePeer, heard: Heard): void;
  /** A block of the engine's arrived. */
  served?(remote: RemotePeer, block: BlockRange): void;
}

/** What scripted peers have in common. */
export interface RemoteWiring {
  readonly queue: EventQueue;
  readonly random: Random;
  /** The torrents whose blocks are told apart by their stamps. */
  readonly torrents: readonly SharedTorrent[];
}

export class RemotePeer implements EndOwner {
  /** Where it is dialled; or, when it dialled, where the engine sees it come from. */
  address: PeerAddress;
  /** All that the engine said, oldest first. */
  readonly heard: Heard[] = [];
  /** Blocks that the engine uploaded, by their names. */
  readonly blocksGot: string[] = [];
  habits: RemoteHabits;
  readonly #wiring: RemoteWiring;
  /** What is said before the connection stands. */
  #unsent: Parcel[] = [];
  #wire: Wire | undefined;
  #link: PortLink | undefined;
  #infoHash: Uint8Array | undefined;
  #closed = false;
  #shookHands = false;

  constructor(address: PeerAddress, habits: RemoteHabits, wiring: RemoteWiring) {
    this.address = address;
    this.habits = habits;
    this.#wiring = wiring;
  }

  /** The engine's number for the link; even when the engine dialled. */
  get link(): LinkId {
    assert(this.#link !== undefined, 'the engine knows of the link');
    return this.#link.id;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Blocks that the engine waits for from this link. */
  get owed(): readonly BlockRange[] {
    return this.#link?.awaited ?? [];
  }

  // What the peer does.

  sendHandshake(handshake: Partial<Handshake> & Pick<Handshake, 'infoHash' | 'peerId'>): void {
    this.#infoHash = handshake.infoHash;
    this.#send(encodeHandshake({ extensions: false, fast: true, dht: false, ...handshake }));
  }

  /** Sends whole messages, length prefixes included. */
  send(bytes: Uint8Array): void {
    this.#send(bytes.slice());
  }

  /** Sends a block, asked for or not. */
  sendBlock(range: BlockRange, bad = false): void {
    this.#send(this.#block(range, bad));
  }

  /** Sends the beginning of a block, and nothing ever after. */
  beginBlock(range: BlockRange): void {
    this.#send({ ...this.#block(range, false), stalls: true });
  }

  /** Hangs up when all that it said before is on its way. */
  hangUp(): void {
    this.#wiring.queue.plan(1, () => this.#wire?.close());
  }

  // What the network and the swarm tell.

  /** The engine knows of the link. */
  meet(link: PortLink): LinkId {
    this.#link = link;
    return link.id;
  }

  /** The engine's end is closed. */
  parted(): void {
    this.#closed = true;
  }

  connected(wire: Wire): void {
    this.#wire = wire;
    for (const parcel of this.#unsent.splice(0)) wire.send(parcel);
    this.habits.connected?.(this);
  }

  control(bytes: Uint8Array): void {
    if (!this.#shookHands) {
      this.#shookHands = true;
      assert(bytes.length === HANDSHAKE_BYTES, 'the first thing that is sent is a handshake');
      return this.#hear({ type: 'handshake', handshake: decodeHandshake(bytes.slice()) });
    }
    for (const message of framesIn(bytes.slice())) {
      if (message.length === 0) this.#hear({ type: 'keepAlive' });
      else this.#hear(decodeMessage(message[0]!, message.subarray(1))!);
    }
  }

  landed(block: WireBlock): void {
    const right = this.#wiring.torrents.some((torrent) => torrent.stamp(block.piece, block.begin) === block.stamp);
    this.blocksGot.push(`${nameOf(block)}${right ? '' : ':bad'}`);
    this.habits.served?.(this, block);
  }

  begins(): void {
    // It waits for the rest.
  }

  left(): void {
    // What it sends lies nowhere.
  }

  ended(): void {
    this.#closed = true;
  }

  #hear(heard: Heard): void {
    this.heard.push(heard);
    this.habits.heard?.(this, heard);
  }

  #send(parcel: Parcel): void {
    if (this.#wire === undefined) this.#unsent.push(parcel);
    else this.#wire.send(parcel);
  }

  #block({ piece, begin, length }: BlockRange, bad: boolean): WireBlock {
    const { torrents, random } = this.#wiring;
    const torrent = torrents.find(({ infoHash }) => this.#infoHash && equalBytes(infoHash, this.#infoHash));
    const stamp = bad || torrent === undefined ? badStamp(random) : torrent.stamp(piece, begin);
    return { piece, begin, length, stamp, served: undefined };
  }
}

/** What a block is called. */
export function nameOf({ piece, begin }: Pick<BlockRange, 'piece' | 'begin'>): string {
  return `${piece}:${begin}`;
}
