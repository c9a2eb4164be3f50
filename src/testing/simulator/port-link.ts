// One link of a simulated host: which blocks it expects at which places, which places it sends from, and the framing of
// the control bytes.
import { assert } from '../../base/assert.ts';
import { readUint32 } from '../../base/bytes.ts';
import {
  type LinkEnd,
  type LinkId,
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_STRIDE,
} from '../../engine/ports.ts';
import { HANDSHAKE_BYTES } from '../../protocol/wire/handshake.ts';
import { REQUEST } from '../../protocol/wire/message-id.ts';
import { encodeCancel, REQUEST_MESSAGE_BYTES, writeRequest } from '../../protocol/wire/message-writer.ts';
import { type BlockRange, decodeMessage } from '../../protocol/wire/messages.ts';
import type { EndOwner, Wire } from './connection.ts';
import type { HostPort } from './host-port.ts';
import type { WireBlock } from './lane.ts';
import { POISON } from './stamped-arena.ts';

/** A block that is to come, and its place. */
interface Expectation extends BlockRange {
  readonly place: number;
  /** Its first bytes are here: the place cannot be given back before the rest is. */
  begun: boolean;
}

export class PortLink implements EndOwner {
  readonly id: LinkId;
  wire: Wire | undefined;
  /** Ends a connection attempt. */
  giveUp: (() => void) | undefined;
  messageBytesMax: number = Number.POSITIVE_INFINITY;
  /** The torrent that the peer's handshake named, or ours. */
  infoHash: Uint8Array | undefined;
  readonly #port: HostPort;
  readonly #expected = new Map<number, Expectation>();
  /** Given back, and not told yet. */
  readonly #returned: Expectation[] = [];
  /** Places that are being sent from. */
  readonly #serving: number[] = [];
  #handshaken = false;
  #closing = false;
  #over = false;

  constructor(id: LinkId, port: HostPort) {
    this.id = id;
    this.#port = port;
  }

  // What the engine asks.

  send(bytes: Uint8Array): void {
    if (this.#closing) return;
    if (this.infoHash === undefined && bytes.length === HANDSHAKE_BYTES) this.infoHash = bytes.slice(28, 48);
    const { manners, privacy, host } = this.#port.parts;
    const spoken = manners.speak(this, bytes);
    if (spoken === undefined) return;
    if (this.infoHash !== undefined) privacy.said(this.infoHash, host, spoken);
    this.wire?.send(spoken);
  }

  expect(piece: number, begin: number, length: number, place: number): void {
    if (this.#closing) return;
    const key = keyOf(piece, begin);
    assert(!this.#expected.has(key), 'a block is expected once of a link');
    this.#port.parts.arena.claim(place, 1, this.id);
    this.#expected.set(key, { piece, begin, length, place, begun: false });
    this.#port.parts.requests.asked(this, piece, begin);
  }

  sendRequests(batch: Int32Array, count: number): void {
    const bytes = new Uint8Array(count * REQUEST_MESSAGE_BYTES);
    for (let at = 0; at < count; at++) {
      const record = at * REQUEST_STRIDE;
      const piece = batch[record + REQUEST_PIECE]!;
      const begin = batch[record + REQUEST_BEGIN]!;
      writeRequest(bytes, at * REQUEST_MESSAGE_BYTES, piece, begin, batch[record + REQUEST_LENGTH]!);
    }
    this.send(bytes);
  }

  revoke(piece: number, begin: number, cancel: boolean): void {
    const block = this.#expected.get(keyOf(piece, begin));
    if (block === undefined || block.begun || this.#closing) return;
    this.#unexpect(block);
    if (cancel) this.send(encodeCancel(block));
    if (this.#returned.push(block) === 1) this.#port.parts.queue.plan(0, () => this.#tellReturned());
  }

  revokeAll(cancel: boolean): void {
    for (const { piece, begin } of [...this.#expected.values()]) this.revoke(piece, begin, cancel);
  }

  serve(piece: number, begin: number, length: number, place: number): void {
    if (this.#closing) return;
    const { arena, manners } = this.#port.parts;
    const read = arena.read(place);
    assert(read !== POISON, 'what is served was read');
    arena.beginReading(place);
    this.#serving.push(place);
    this.wire?.send({ piece, begin, length, stamp: manners.blockStamp(read), served: { place, stamp: read } });
  }

  /** Sends a block that no engine gave us: liars do. */
  fabricate(block: Omit<WireBlock, 'served'>): void {
    if (!this.#closing) this.wire?.send({ ...block, served: undefined });
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.wire === undefined) this.giveUp?.();
    else this.wire.close();
  }

  /** Blocks that the engine waits for from this link; those that have begun to arrive can only be waited for. */
  get owed(): number {
    let owed = 0;
    for (const { begun } of this.#expected.values()) if (!begun) owed++;
    return owed;
  }

  /** Blocks that the engine waits for from this link, oldest first. */
  get awaited(): readonly BlockRange[] {
    return [...this.#expected.values()];
  }

  // What the network tells.

  connected(wire: Wire): void {
    this.wire = wire;
    if (this.#closing) return wire.close();
    this.#port.connected(this);
  }

  control(bytes: Uint8Array): void {
    if (this.#closing) return;
    if (!this.#handshaken) {
      assert(bytes.length === HANDSHAKE_BYTES, 'the first thing that is sent is a handshake');
      this.#handshaken = true;
      this.infoHash ??= bytes.slice(28, 48);
      return this.#port.handshake(this, bytes.slice());
    }
    this.#tellReturned();
    let told = false;
    for (let at = 0; at < bytes.length && !this.#closing; ) {
      const length = readUint32(bytes, at);
      if (length > this.messageBytesMax) {
        return this.#breach({ code: 'ERR_WIRE_LENGTH', message: `announced a message of ${length} bytes` });
      }
      if (length === 0) this.#port.keepAlive(this);
      else if (this.#port.parts.manners.hear(this, bytes.subarray(at + 4, at + 4 + length))) {
        told = true;
        this.#message(bytes[at + 4]!, bytes.subarray(at + 5, at + 4 + length));
      }
      at += 4 + length;
    }
    if (told && !this.#closing) this.#port.messagesDone(this);
  }

  #message(id: number, payload: Uint8Array): void {
    const request = id === REQUEST && payload.length === 12 ? decodeMessage(id, payload) : undefined;
    if (request?.type === 'request') this.#port.requested(this, request);
    else this.#port.message(this, id, payload);
  }

  begins(block: WireBlock): void {
    const expected = this.#expected.get(keyOf(block.piece, block.begin));
    if (expected?.length === block.length) expected.begun = true;
  }

  landed(block: WireBlock): void {
    if (this.#closing) return;
    this.#tellReturned();
    const { piece, begin, length, stamp } = block;
    const expected = this.#expected.get(keyOf(piece, begin));
    if (expected === undefined || expected.length !== length) return this.#port.wasted(this, piece, begin, length);
    this.#port.parts.arena.write(expected.place, stamp, this.id);
    this.#unexpect(expected);
    this.#port.landed(this, piece, begin, length);
  }

  left(block: WireBlock): void {
    const { served } = block;
    if (served === undefined || this.#over) return;
    assert(this.#port.parts.arena.read(served.place) === served.stamp, 'what is being served stays as it is');
    this.#stopReading(served.place);
    this.#port.served(this, block.piece);
  }

  ended(end: LinkEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#closing = true;
    for (const block of [...this.#expected.values()]) this.#unexpect(block);
    this.#returned.length = 0;
    for (const place of [...this.#serving]) this.#stopReading(place);
    this.#port.ended(this, end);
  }

  #stopReading(place: number): void {
    this.#serving.splice(this.#serving.indexOf(place), 1);
    this.#port.parts.arena.endReading(place);
  }

  #breach(end: LinkEnd): void {
    this.close();
    this.ended(end);
  }

  #unexpect(block: Expectation): void {
    this.#expected.delete(keyOf(block.piece, block.begin));
    this.#port.parts.arena.letGo(block.place, 1, this.id);
    this.#port.parts.requests.answered(this, block.piece, block.begin);
  }

  /** What was given back is told before anything that came later; `closed` covers all places by itself. */
  #tellReturned(): void {
    if (this.#returned.length === 0 || this.#over) return;
    for (const { piece, begin, length } of this.#returned.splice(0)) this.#port.returned(this, piece, begin, length);
  }
}

function keyOf(piece: number, begin: number): number {
  return piece * 2 ** 26 + begin;
}
