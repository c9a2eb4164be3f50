// The price of a block in garbage: none. A young generation that is never filled is never collected, and a collection in
// the middle of a read is what makes a fast link stutter.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from './block.ts';
import { BlockReceiver } from './block-receiver.ts';
import { writePieceHeader } from './message-writer.ts';
import { PieceMemory } from './piece-memory.ts';
import { ReceiveCounters } from './receive-counters.ts';
import type { ReceiverSink } from './receiver-sink.ts';

const FRAMES = 64;
/** Blocks requested ahead; a frame less than the arena has, so that the last block's neighbour is not always ours. */
const WINDOW = 48;
const HEADERS = 1_000_000;
/** Parts short enough that most see no collection, which would hide what was allocated. */
const PARTS = 20;
/** Growth over one part: the price of asking for the figure. One object a header would be a hundred times as much. */
const GROWTH_BYTES_MAX = 16 * 1024;

/** Without the flag the collector cannot be called, and the figure means nothing. */
const skip = globalThis.gc === undefined ? 'needs node --expose-gc' : false;

class Downloader {
  landed = 0;
  readonly #receiver: BlockReceiver;
  readonly #memory = new PieceMemory(new Uint8Array(FRAMES * BLOCK_BYTES));
  #next = 0;

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
    const commons = { memory: this.#memory, counters: new ReceiveCounters(), discard: new Uint8Array(BLOCK_BYTES) };
    this.#receiver = new BlockReceiver(2, sink, commons);
    this.#receiver.push(new Uint8Array(68));
    for (let i = 0; i < WINDOW; i++) this.#expect();
  }

  /** Receives blocks as a fast socket does: the payload and the next header in one read. The payload is left out. */
  receive(blocks: number): void {
    const receiver = this.#receiver;
    for (let i = 0; i < blocks; i++) {
      let target = receiver.destination();
      if (target.length === PIECE_HEADER_BYTES) {
        this.#writeHeader(target, 0, this.landed);
        receiver.arrived(PIECE_HEADER_BYTES);
        target = receiver.destination();
      }
      if (target.length > BLOCK_BYTES) this.#writeHeader(target, BLOCK_BYTES, this.landed + 1);
      receiver.arrived(target.length);
      this.#expect();
    }
  }

  #writeHeader(target: Uint8Array, offset: number, block: number): void {
    writePieceHeader(target, offset, this.#pieceOf(block), this.#beginOf(block), BLOCK_BYTES);
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
  downloader.receive(200_000);
  globalThis.gc!();
  const growths: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    const before = process.memoryUsage().heapUsed;
    downloader.receive(HEADERS / PARTS);
    growths.push(process.memoryUsage().heapUsed - before);
  }
  assert.equal(downloader.landed, 200_000 + HEADERS);
  // The median: the compiler, which works beside us, and a collection spoil a part or two, but not half of them.
  const growthBytes = growths.sort((a, b) => a - b)[PARTS / 2]!;
  assert.ok(Math.abs(growthBytes) < GROWTH_BYTES_MAX, `the heap grew by ${growths.join(', ')} bytes`);
});
