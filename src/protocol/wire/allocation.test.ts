// The price of a block in garbage: none. A young generation that is never filled is never collected, and a collection in
// the middle of a read is what makes a fast link stutter.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES, PIECE_MESSAGE_BYTES } from './block.ts';
import { BlockReceiver } from './block-receiver.ts';
import { Frames } from './frames.ts';
import { writePieceHeader } from './message-writer.ts';
import { PieceMemory } from './piece-memory.ts';
import { ReceiveCounters } from './receive-counters.ts';
import { receiverCommons } from './receiver-commons.ts';
import type { ReceiverSink } from './receiver-sink.ts';

const FRAMES = 64;
/** Blocks requested ahead: fewer than the arena has frames, so that the last one's neighbour is not always ours. */
const WINDOW = 48;
const HEADERS = 1_000_000;
/** Parts short enough that most see no collection, which would hide what was allocated. */
const PARTS = 21;

/** Without the flag the collector cannot be called, and the figure means nothing. */
const skip = globalThis.gc === undefined ? 'needs node --expose-gc' : false;

class Downloader {
  landed = 0;
  readonly #receiver: BlockReceiver;
  readonly #memory = new PieceMemory(Frames.alone(FRAMES));
  #next = 0;
  #sent = 0;

  constructor() {
    const sink: ReceiverSink = {
      handshake: () => undefined,
      message: () => assert.fail('no message was sent'),
      request: () => assert.fail('no message was sent'),
      keepAlive: () => assert.fail('no message was sent'),
      landed: () => {
        this.landed++;
      },
      returned: () => assert.fail('nothing was revoked'),
      wasted: () => assert.fail('everything was requested'),
      failed: (code) => assert.fail(code),
    };
    this.#receiver = new BlockReceiver(2, sink, receiverCommons(this.#memory, new ReceiveCounters()));
    this.#receiver.push(new Uint8Array(68));
    for (let i = 0; i < WINDOW; i++) this.#expect();
  }

  /** Receives blocks as a fast socket does, as many in a read as it is given room for. The payload is left out. */
  receive(blocks: number): void {
    const receiver = this.#receiver;
    for (const end = this.landed + blocks; this.landed < end; ) {
      const target = receiver.destination();
      // Wherever a frame begins, a header comes.
      const offset = target.byteOffset - this.#memory.frames.bytes.byteOffset;
      let at = (PIECE_MESSAGE_BYTES - (offset % PIECE_MESSAGE_BYTES)) % PIECE_MESSAGE_BYTES;
      for (; at < target.length; at += PIECE_MESSAGE_BYTES) {
        const block = this.#sent++;
        writePieceHeader(target, at, this.#pieceOf(block), this.#beginOf(block), BLOCK_BYTES);
      }
      const before = this.landed;
      receiver.arrived(target.length);
      for (let i = before; i < this.landed; i++) this.#expect();
    }
  }

  #pieceOf(block: number): number {
    return Math.floor(block / FRAMES);
  }

  #beginOf(block: number): number {
    return (block % FRAMES) * BLOCK_BYTES;
  }

  #expect(): void {
    const block = this.#next++;
    this.#receiver.expect(this.#pieceOf(block), this.#beginOf(block), BLOCK_BYTES, block % FRAMES);
  }
}

test('a million block headers allocate nothing', { skip }, () => {
  const downloader = new Downloader();
  const growths = new Float64Array(PARTS);
  const growthOver = (blocks: number): number => {
    const before = process.memoryUsage().heapUsed;
    downloader.receive(blocks);
    return process.memoryUsage().heapUsed - before;
  };
  for (let warm = 0; warm < 4; warm++) growthOver(50_000);
  globalThis.gc!();
  for (let part = 0; part < PARTS; part++) {
    // What asking for the figure leaves on the heap is not the headers'.
    const asking = growthOver(0);
    growths[part] = growthOver(Math.ceil(HEADERS / PARTS)) - asking;
  }
  assert.ok(downloader.landed >= 200_000 + HEADERS);
  // Exactly nothing in most parts. The median, because the compiler, which works beside us, and a collection spoil a part or
  // two, but not half of them.
  assert.equal(growths.toSorted()[(PARTS - 1) / 2], 0, `the heap grew by ${growths.join(', ')} bytes`);
});
