// A peer's session with the receiving half of a link, written as bytes so that the fuzzer can mutate it. Each byte is an
// order: expect a block, send one, revoke one, send something else, deliver so many bytes. Bytes are delivered the way a
// socket does it: into the destination that was asked for before whatever happened since.
//
// What must hold whatever the script says: bytes of the stream are only ever written into frames that this link owns at
// that moment; a block lands with exactly the bytes that were sent for it; every expected block lands or is returned,
// once; messages arrive whole and in order; nothing is owned after `close`.
import assert from 'node:assert/strict';
import { BLOCK_BYTES, PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from '#src/protocol/wire/block.ts';
import { BlockReceiver } from '#src/protocol/wire/block-receiver.ts';
import { Frames } from '#src/protocol/wire/frames.ts';
import { encodeHandshake } from '#src/protocol/wire/handshake.ts';
import { HAVE, PIECE } from '#src/protocol/wire/message-id.ts';
import { encodeRequest, writePieceHeader } from '#src/protocol/wire/message-writer.ts';
import { PieceMemory } from '#src/protocol/wire/piece-memory.ts';
import { ReceiveCounters } from '#src/protocol/wire/receive-counters.ts';
import { receiverCommons } from '#src/protocol/wire/receiver-commons.ts';

const LINK = 1;
const FRAMES = 6;
const SHORT_BLOCK_BYTES = 1000;
const LONG_MESSAGE_BYTES = 6000;
/** Scripts are short: what goes wrong does so within a few blocks, and full blocks cost time. */
const ORDERS_MAX = 200;
/** How many bytes a delivery brings, at most: around every border that the receiver has. */
const DELIVERIES = [1, 4, 5, 12, 13, 14, 68, 1000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 13, 4 * BLOCK_BYTES];

interface Block {
  readonly piece: number;
  readonly length: number;
  readonly place: number;
  /** What the payload is made of, once it was sent. */
  fill?: number;
}

/** Runs one script; throws when the receiver broke its word. */
export function runReceiverScript(script: Uint8Array): void {
  new ReceiverSession(script).run();
}

class ReceiverSession {
  readonly #script: Uint8Array;
  readonly #frames = Frames.alone(FRAMES);
  readonly #memory = new PieceMemory(this.#frames);
  readonly #receiver: BlockReceiver;
  readonly #expected = new Map<number, Block>();
  readonly #free = Array.from({ length: FRAMES }, (_, place) => place);
  /** Messages that were sent and have not arrived yet, as text. */
  readonly #underway: string[] = [];
  readonly #stream: Uint8Array[] = [];
  #destination: Uint8Array;
  #at = 0;
  #pieces = 0;
  /** Set once bytes were sent that are no messages: from then on only ownership can be checked. */
  #garbled = false;
  #failed = false;

  constructor(script: Uint8Array) {
    this.#script = script;
    const commons = receiverCommons(this.#memory, new ReceiveCounters());
    const sink = {
      handshake: (bytes: Uint8Array) => assert.equal(bytes.length, 68),
      message: (id: number, payload: Uint8Array) =>
        this.#arrivedMessage(`${id}:${Buffer.from(payload).toString('latin1')}`),
      request: (piece: number, begin: number, length: number) =>
        this.#arrivedMessage(
          `6:${Buffer.from(encodeRequest({ piece, begin, length }).subarray(5)).toString('latin1')}`,
        ),
      keepAlive: () => undefined,
      landed: (piece: number, begin: number, length: number) => this.#landed(piece, begin, length),
      returned: (piece: number) => this.#settle(piece),
      wasted: () => undefined,
      failed: () => this.#fail(),
    };
    this.#receiver = new BlockReceiver(LINK, sink, commons);
    this.#destination = this.#receiver.destination();
    const twenty = new Uint8Array(20);
    this.#stream.push(encodeHandshake({ infoHash: twenty, peerId: twenty, extensions: true, fast: true, dht: false }));
  }

  run(): void {
    for (let order = 0; order < ORDERS_MAX && this.#at < this.#script.length && !this.#failed; order++) this.#obey();
    if (!this.#failed && !this.#garbled) {
      this.#deliver(Number.POSITIVE_INFINITY);
      assert.equal(this.#underway.length, 0, 'every message arrived');
      this.#receiver.revokeEach(() => undefined);
    }
    this.#receiver.close();
    for (let place = 0; place < FRAMES; place++)
      assert.ok(!this.#memory.ownedBy(place, LINK), 'nothing is owned after close');
  }

  #next(): number {
    return this.#script[this.#at++] ?? 0;
  }

  #obey(): void {
    const order = this.#next();
    switch (order & 7) {
      case 0:
        return this.#expect(order & 8 ? SHORT_BLOCK_BYTES : BLOCK_BYTES);
      case 1:
        return this.#sendBlock([...this.#expected.values()].find((block) => block.fill === undefined));
      case 2:
        return this.#sendBlock([...this.#expected.values()][this.#next() % FRAMES]);
      case 3:
        return this.#revoke([...this.#expected.keys()][this.#next() % FRAMES]);
      case 4:
        return this.#sendMessage(order & 8 ? LONG_MESSAGE_BYTES : order >> 4);
      case 5:
        return this.#sendStranger(1 + this.#next());
      case 6:
        return this.#sendRaw(order >> 3);
      default:
        return this.#deliver(DELIVERIES[(order >> 3) % DELIVERIES.length]!);
    }
  }

  #expect(length: number): void {
    const place = this.#free.shift();
    if (place === undefined) return;
    const block = { piece: this.#pieces++, length, place };
    this.#expected.set(block.piece, block);
    this.#receiver.expect(block.piece, 0, length, place);
  }

  #sendBlock(block: Block | undefined): void {
    if (block === undefined || block.fill !== undefined) return;
    block.fill = 1 + (block.piece % 250);
    this.#send(pieceMessage(block.piece, block.length, block.fill));
  }

  #revoke(piece: number | undefined): void {
    if (piece !== undefined) this.#receiver.revoke(piece, 0);
  }

  #sendMessage(length: number): void {
    const message = new Uint8Array(5 + length).fill(length & 0xff);
    new DataView(message.buffer).setUint32(0, 1 + length);
    message[4] = HAVE;
    this.#underway.push(`${HAVE}:${Buffer.from(message.subarray(5)).toString('latin1')}`);
    this.#send(message);
  }

  /** A block that nobody asked for. */
  #sendStranger(length: number): void {
    this.#send(pieceMessage(0xffff, length, 0xff));
  }

  /** Bytes of the script as they are; of no length, a keep-alive. */
  #sendRaw(length: number): void {
    if (length === 0) return this.#send(new Uint8Array(4));
    this.#garbled = true;
    this.#send(this.#script.slice(this.#at, this.#at + length));
    this.#at += length;
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#stream.push(bytes);
  }

  #deliver(bytesMax: number): void {
    for (let left = bytesMax; left > 0 && this.#stream.length > 0 && !this.#failed; ) {
      assert.ok(this.#destination.length > 0, 'a destination is never empty');
      const count = this.#read(this.#destination.subarray(0, Math.min(left, this.#destination.length)));
      left -= count;
      this.#receiver.arrived(count);
      this.#destination = this.#receiver.destination();
    }
  }

  /** Fills a destination with what the stream has, over message borders, as one read of a socket does. */
  #read(target: Uint8Array): number {
    let count = 0;
    while (count < target.length && this.#stream.length > 0) {
      const [first] = this.#stream as [Uint8Array];
      const part = first.subarray(0, target.length - count);
      target.set(part, count);
      count += part.length;
      if (part.length === first.length) this.#stream.shift();
      else this.#stream[0] = first.subarray(part.length);
    }
    this.#checkOwned(target.subarray(0, count));
    return count;
  }

  #checkOwned(written: Uint8Array): void {
    if (written.buffer !== this.#frames.bytes.buffer || written.length === 0) return;
    const last = Math.floor((written.byteOffset + written.length - 1) / PIECE_MESSAGE_BYTES);
    for (let frame = Math.floor(written.byteOffset / PIECE_MESSAGE_BYTES); frame <= last; frame++) {
      const owned = this.#memory.ownedBy(this.#frames.placeOf(frame), LINK);
      assert.ok(owned, `bytes are written into frame ${frame}, which is not this link's`);
    }
  }

  #landed(piece: number, begin: number, length: number): void {
    const block = this.#expected.get(piece);
    assert.ok(block !== undefined && begin === 0, `block ${piece} landed, but is not expected`);
    assert.equal(length, block.length);
    const bytes = this.#frames.block(block.place, length);
    if (!this.#garbled)
      assert.ok(
        bytes.every((byte) => byte === block.fill),
        `block ${piece} holds other bytes than were sent`,
      );
    this.#settle(piece);
  }

  #settle(piece: number): void {
    const block = this.#expected.get(piece);
    assert.ok(block !== undefined, `block ${piece} is settled twice`);
    this.#expected.delete(piece);
    // Reused at once, lowest place last in first out, as the ledger does; poisoned, so that old bytes cannot pass as new.
    this.#frames.block(block.place).fill(0xee);
    this.#free.unshift(block.place);
  }

  #arrivedMessage(message: string): void {
    if (!this.#garbled) assert.equal(message, this.#underway.shift());
  }

  #fail(): void {
    assert.ok(this.#garbled, 'a well-formed stream does not fail');
    assert.ok(!this.#failed, 'it fails once');
    this.#failed = true;
  }
}

function pieceMessage(piece: number, length: number, fill: number): Uint8Array {
  const message = new Uint8Array(PIECE_HEADER_BYTES + length).fill(fill, PIECE_HEADER_BYTES);
  writePieceHeader(message, 0, piece, 0, length);
  assert.equal(message[4], PIECE);
  return message;
}
