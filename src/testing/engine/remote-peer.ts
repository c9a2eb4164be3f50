// The other end of a simulated link: what the engine said to it, and the means to answer. It speaks the real messages;
// only blocks have no bytes. Everything arrives in the order it was sent.
import { assert } from '../../base/assert.ts';
import { readUint32 } from '../../base/bytes.ts';
import {
  type LinkEnd,
  type LinkId,
  OUTCOME_LANDED,
  OUTCOME_RETURNED,
  OUTCOME_WASTED,
  type PeerAddress,
} from '../../engine/ports.ts';
import { decodeHandshake, encodeHandshake, HANDSHAKE_BYTES, type Handshake } from '../../protocol/wire/handshake.ts';
import { type BlockRange, decodeMessage, type WireMessage } from '../../protocol/wire/messages.ts';
import type { EventQueue } from '../simulator/event-queue.ts';
import { type SimulatedArena, stampOf } from './simulated-arena.ts';

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

/** What a remote peer needs of its network. */
export interface RemoteWiring {
  readonly queue: EventQueue;
  readonly arena: SimulatedArena;
  /** How long the next thing is on its way. */
  readonly latencyMs: () => number;
  readonly handshake: (bytes: Uint8Array) => void;
  readonly message: (id: number, payload: Uint8Array) => void;
  readonly keepAlive: () => void;
  readonly blocks: (ranges: readonly BlockRange[], outcome: number) => void;
  readonly served: () => void;
  readonly closed: (end: LinkEnd) => void;
}

interface Expectation extends BlockRange {
  readonly place: number;
}

export class RemotePeer {
  readonly link: LinkId;
  readonly address: PeerAddress;
  /** All that the engine said, oldest first. */
  readonly heard: Heard[] = [];
  /** Stamps of the blocks that the engine uploaded. */
  readonly blocksGot: string[] = [];
  readonly habits: RemoteHabits;
  readonly #wiring: RemoteWiring;
  /** What the host was told to expect. */
  readonly #expected: Expectation[] = [];
  readonly #serving: Expectation[] = [];
  /** Blocks that were revoked; the engine does not know yet. */
  readonly #returned: Expectation[] = [];
  /** The block that is coming in at this moment: its place cannot be given back. */
  #midBlock: Expectation | undefined;
  #closing = false;
  #closed = false;
  #shookHands = false;
  #lastToEngineMs = 0;
  #lastToRemoteMs = 0;

  constructor(link: LinkId, address: PeerAddress, habits: RemoteHabits, wiring: RemoteWiring) {
    this.link = link;
    this.address = address;
    this.habits = habits;
    this.#wiring = wiring;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Blocks that the engine waits for from this link. */
  get owed(): readonly BlockRange[] {
    return this.#expected;
  }

  // What the peer does.

  /** Connects to the engine's port; before anything is sent. */
  knock(arrive: () => void): void {
    this.#toEngine(arrive);
  }

  sendHandshake(handshake: Partial<Handshake> & Pick<Handshake, 'infoHash' | 'peerId'>): void {
    const bytes = encodeHandshake({ extensions: false, fast: true, dht: false, ...handshake });
    this.#toEngine(() => this.#wiring.handshake(bytes));
  }

  /** Sends whole messages, length prefixes included. */
  send(bytes: Uint8Array): void {
    for (const message of framesOf(bytes)) {
      if (message.length === 0) this.#toEngine(this.#wiring.keepAlive);
      else this.#toEngine(() => this.#wiring.message(message[0]!, message.slice(1)));
    }
  }

  /** Sends a block, asked for or not. */
  sendBlock(range: BlockRange, bad = false): void {
    this.#toEngine(() => this.#receiveBlock(range, bad));
  }

  /** Sends the beginning of a block that is owed; the place stays this link's until `finishBlock` or the end. */
  beginBlock(range: BlockRange): void {
    this.#toEngine(() => {
      this.#midBlock = this.#expected.find((other) => sameRange(other, range));
    });
  }

  finishBlock(bad = false): void {
    this.#toEngine(() => {
      const block = this.#midBlock;
      this.#midBlock = undefined;
      if (block !== undefined) this.#receiveBlock(block, bad);
    });
  }

  /** Hangs up. */
  hangUp(code = 'ERR_LINK_CLOSED'): void {
    this.#toEngine(() => this.end({ code, message: 'the peer closed the connection' }));
  }

  // What the host does for the engine.

  deliver(bytes: Uint8Array): void {
    if (this.#closing) return;
    if (!this.#shookHands) {
      this.#shookHands = true;
      assert(bytes.length === HANDSHAKE_BYTES, 'the first thing that is sent is a handshake');
      return this.#tell({ type: 'handshake', handshake: decodeHandshake(bytes.slice()) });
    }
    for (const message of framesOf(bytes)) {
      if (message.length === 0) this.#tell({ type: 'keepAlive' });
      else this.#tell(decodeMessage(message[0]!, message.slice(1))!);
    }
  }

  expect(range: BlockRange, place: number): void {
    if (this.#closing) return;
    assert(!this.#expected.some((other) => sameRange(other, range)), 'a block is expected once of a link');
    this.#wiring.arena.claim(place, 1, this.#name);
    this.#expected.push({ ...range, place });
    this.#tell({ type: 'request', ...range });
  }

  revoke(piece: number, begin: number, cancel: boolean): void {
    const block = this.#expected.find((other) => other.piece === piece && other.begin === begin);
    if (block === undefined || block === this.#midBlock || this.#closing) return;
    this.#unexpect(block);
    const { length } = block;
    if (cancel) this.#tell({ type: 'cancel', piece, begin, length });
    this.#returned.push(block);
    // Soon, never from inside the engine's question.
    this.#wiring.queue.plan(0, () => this.#reportReturned());
  }

  revokeAll(cancel: boolean): void {
    for (const { piece, begin } of [...this.#expected]) this.revoke(piece, begin, cancel);
  }

  serve(block: Expectation): void {
    if (this.#closing) return;
    this.#wiring.arena.beginReading(block.place);
    this.#serving.push(block);
    this.#toRemote(() => {
      this.#serving.splice(this.#serving.indexOf(block), 1);
      // Read on arrival: had the place been given to somebody else meanwhile, it would show.
      this.blocksGot.push(this.#wiring.arena.read(block.place));
      this.#wiring.arena.endReading(block.place);
      this.#wiring.served();
      this.habits.served?.(this, block);
    });
  }

  closeHere(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#wiring.queue.plan(this.#wiring.latencyMs(), () => {
      this.end({ code: 'ERR_LINK_CLOSED_HERE', message: 'closed by us' });
    });
  }

  end(end: LinkEnd): void {
    if (this.#closed) return;
    this.#closing = true;
    this.#closed = true;
    for (const block of this.#expected) this.#wiring.arena.letGo(block.place, 1, this.#name);
    for (const block of this.#serving) this.#wiring.arena.endReading(block.place);
    this.#expected.length = 0;
    this.#serving.length = 0;
    this.#wiring.closed(end);
  }

  get #name(): string {
    return `link ${this.link}`;
  }

  /** What was given back is told before anything that came later; `closed` covers all places by itself. */
  #reportReturned(): void {
    const returned = this.#returned.splice(0);
    if (returned.length > 0 && !this.#closed) this.#wiring.blocks(returned, OUTCOME_RETURNED);
  }

  #receiveBlock(range: BlockRange, bad: boolean): void {
    this.#reportReturned();
    const block = this.#expected.find((other) => sameRange(other, range));
    if (block === undefined) return this.#wiring.blocks([range], OUTCOME_WASTED);
    this.#wiring.arena.write(block.place, stampOf(range.piece, range.begin, bad), this.#name);
    this.#unexpect(block);
    this.#wiring.blocks([block], OUTCOME_LANDED);
  }

  #unexpect(block: Expectation): void {
    this.#expected.splice(this.#expected.indexOf(block), 1);
    this.#wiring.arena.letGo(block.place, 1, this.#name);
  }

  #tell(heard: Heard): void {
    this.heard.push(heard);
    this.#toRemote(() => this.habits.heard?.(this, heard));
  }

  #toEngine(arrive: () => void): void {
    this.#lastToEngineMs = Math.max(this.#lastToEngineMs, this.#wiring.queue.nowMs + this.#wiring.latencyMs());
    this.#wiring.queue.planAt(this.#lastToEngineMs, () => {
      if (!this.#closing) arrive();
    });
  }

  #toRemote(arrive: () => void): void {
    this.#lastToRemoteMs = Math.max(this.#lastToRemoteMs, this.#wiring.queue.nowMs + this.#wiring.latencyMs());
    this.#wiring.queue.planAt(this.#lastToRemoteMs, () => {
      if (!this.#closing) arrive();
    });
  }
}

function sameRange(a: BlockRange, b: BlockRange): boolean {
  return a.piece === b.piece && a.begin === b.begin && a.length === b.length;
}

/** The messages of a byte string, without their length prefixes. */
function framesOf(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = readUint32(bytes, at);
    frames.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}
