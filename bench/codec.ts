// Microbenchmarks of the codecs, and the proof that receiving a block allocates nothing: heap growth and collections
// over a million block headers. `npm run bench -- codec`.
import assert from 'node:assert/strict';
import { PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { Bench } from 'tinybench';
import { copyBytes } from '#src/base/bytes.ts';
import type { IpFilter } from '#src/engine/swarm/ip-filter.ts';
import { IpFilterBuilder } from '#src/engine/swarm/ip-filter-builder.ts';
import { Arena } from '#src/host/memory/arena.ts';
import { nativeCopy } from '#src/host/memory/native-copy.ts';
import { decodeBencode } from '#src/protocol/bencode/bencode-decoder.ts';
import { encodeBencode } from '#src/protocol/bencode/bencode-encoder.ts';
import { Rc4 } from '#src/protocol/mse/rc4.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from '#src/protocol/wire/block.ts';
import { BlockReceiver } from '#src/protocol/wire/block-receiver.ts';
import { encodeHandshake } from '#src/protocol/wire/handshake.ts';
import { HAVE } from '#src/protocol/wire/message-id.ts';
import { REQUEST_MESSAGE_BYTES, writePieceHeader, writeRequest } from '#src/protocol/wire/message-writer.ts';
import { decodeMessage } from '#src/protocol/wire/messages.ts';
import { PieceMemory } from '#src/protocol/wire/piece-memory.ts';
import { ReceiveCounters } from '#src/protocol/wire/receive-counters.ts';
import { receiverCommons } from '#src/protocol/wire/receiver-commons.ts';

const FRAMES = 64;
const OUTSTANDING = 32;
const LINK = 1;
const FILTER_RANGES = 300_000;
const PACKET_BYTES = 1472;

/** How often the growth of the heap is measured. The first rounds see what the engine still compiles. */
const ROUNDS = 9;

interface HeapGrowth {
  /** In each round. */
  readonly blocks: number;
  /** What the blocks left on the heap, round by round, without what asking for the figure leaves. */
  readonly heapBytes: Float64Array;
  /** What asking for the figure leaves on the heap, round by round. */
  readonly askingBytes: Float64Array;
  /** In all rounds together. */
  readonly collections: number;
  readonly nsPerBlock: number;
}

/** A peer that sends one block after another as fast as the receiver takes them; only headers are ever written. */
class EndlessPeer {
  readonly #receiver: BlockReceiver;
  readonly #memory = new PieceMemory(new Arena(FRAMES).frames);
  #expected = 0;
  #sent = 0;
  landed = 0;

  constructor() {
    const sink = {
      handshake: () => undefined,
      message: () => undefined,
      request: () => undefined,
      landed: () => {
        this.landed++;
      },
      keepAlive: () => undefined,
      returned: () => undefined,
      wasted: () => undefined,
      failed: (code: string) => assert.fail(code),
    };
    this.#receiver = new BlockReceiver(LINK, sink, receiverCommons(this.#memory, new ReceiveCounters()));
    const twenty = new Uint8Array(20);
    this.#receiver.push(
      encodeHandshake({ infoHash: twenty, peerId: twenty, extensions: true, fast: true, dht: false }),
    );
    for (let i = 0; i < OUTSTANDING; i++) this.#expect();
  }

  #expect(): void {
    this.#receiver.expect(this.#expected, 0, BLOCK_BYTES, this.#expected % FRAMES);
    this.#expected++;
  }

  /** One read of as many blocks as there is room for, as a fast link delivers them: wherever a frame begins, a header comes. */
  step(): void {
    const view = this.#receiver.destination();
    const offset = view.byteOffset - this.#memory.frames.bytes.byteOffset;
    let at = (PIECE_MESSAGE_BYTES - (offset % PIECE_MESSAGE_BYTES)) % PIECE_MESSAGE_BYTES;
    for (; at < view.length; at += PIECE_MESSAGE_BYTES) writePieceHeader(view, at, this.#sent++, 0, BLOCK_BYTES);
    const before = this.landed;
    this.#receiver.arrived(view.length);
    for (let i = before; i < this.landed; i++) this.#expect();
  }
}

/** Receives `blocks` blocks in each round and tells what that left on the heap. Needs `--expose-gc`. */
async function heapGrowth(blocks: number): Promise<HeapGrowth> {
  assert.ok(globalThis.gc, 'run with --expose-gc');
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  const peer = new EndlessPeer();
  const heapBytes = new Float64Array(ROUNDS);
  const askingBytes = new Float64Array(ROUNDS);
  const growthOver = (count: number): number => {
    const before = process.memoryUsage().heapUsed;
    for (const end = peer.landed + count; peer.landed < end; ) peer.step();
    return process.memoryUsage().heapUsed - before;
  };
  // Compiled and settled before it is measured.
  for (let warm = 0; warm < 2; warm++) growthOver(blocks);
  globalThis.gc();
  await turn();
  observer.observe({ entryTypes: ['gc'] });
  const startedAtMs = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    // The figure comes in an object, which is on the heap itself: what no block at all leaves is not the blocks'.
    askingBytes[round] = growthOver(0);
    heapBytes[round] = growthOver(blocks) - askingBytes[round]!;
  }
  const tookMs = performance.now() - startedAtMs;
  // Entries are delivered a turn later.
  await turn();
  await turn();
  observer.disconnect();
  return { blocks, heapBytes, askingBytes, collections, nsPerBlock: (tookMs * 1e6) / (ROUNDS * blocks) };
}

function median(figures: Float64Array): number {
  return figures.toSorted()[Math.floor(figures.length / 2)]!;
}

/** A filter of as many ranges as the largest lists have, and addresses of which half are in it. */
function largeFilter(): { readonly filter: IpFilter; readonly hosts: readonly string[] } {
  const builder = new IpFilterBuilder();
  const step = Math.floor(2 ** 32 / FILTER_RANGES);
  for (let index = 0; index < FILTER_RANGES; index++) builder.ipv4(index * step, index * step + step / 2);
  const hosts = Array.from({ length: 4096 }, (_, index) => {
    const address = Math.floor(((index * 0.618_033_988_75) % 1) * 2 ** 32);
    return [24, 16, 8, 0].map((bit) => (address >>> bit) & 255).join('.');
  });
  return { filter: builder.build(), hosts };
}

/** Prints operations per second of each codec, then the heap growth. */
export async function benchCodec(): Promise<void> {
  const bench = new Bench({ time: 300 });
  const reply = encodeBencode({ interval: 1800, peers: new Uint8Array(6 * 50), complete: 10, incomplete: 20 });
  const have = Uint8Array.from([0, 0, 1, 0]);
  const requests = new Uint8Array(REQUEST_MESSAGE_BYTES);
  const peer = new EndlessPeer();
  const { filter, hosts } = largeFilter();
  assert.equal(filter.size, FILTER_RANGES);
  let asked = 0;
  const block = new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES));
  const frames = new Uint8Array(new SharedArrayBuffer(FRAMES * PIECE_MESSAGE_BYTES));
  const chunk = new Uint8Array(BLOCK_BYTES);
  const packet = new Uint8Array(PACKET_BYTES);
  const place = (): number => (copied++ % FRAMES) * PIECE_MESSAGE_BYTES + PIECE_HEADER_BYTES;
  let copied = 0;
  const rc4 = new Rc4(new Uint8Array(20));
  bench
    .add(`filter: look up an address among ${FILTER_RANGES} ranges`, () =>
      filter.blocks(hosts[asked++ % hosts.length]!),
    )
    .add('bencode: decode a tracker reply of 50 peers', () => void decodeBencode(reply))
    .add('wire: decode HAVE', () => void decodeMessage(HAVE, have))
    .add('wire: write REQUEST', () => writeRequest(requests, 0, 7, 16384, BLOCK_BYTES))
    .add('wire: receive a block (header, place, hand over)', () => peer.step())
    .add('copy: a block to its frame, by the language', () => copyBytes(chunk, 0, BLOCK_BYTES, frames, place()))
    .add('copy: a block to its frame, as the host does it', () => nativeCopy(chunk, 0, BLOCK_BYTES, frames, place()))
    .add('copy: most of a uTP packet to its frame, by the language', () => copyBytes(packet, 20, 1400, frames, place()))
    .add('copy: the same, as the host does it', () => nativeCopy(packet, 20, 1400, frames, place()))
    .add('mse: RC4 over a block', () => rc4.apply(block));
  await bench.run();
  console.table(bench.table());
  const growth = await heapGrowth(1_000_000);
  const { blocks, heapBytes, askingBytes, collections, nsPerBlock } = growth;
  console.log(
    `${blocks} block headers: ${median(heapBytes)} bytes of heap growth (the median of ${ROUNDS} rounds: ${heapBytes.join(', ')}), ` +
      `without the ${median(askingBytes)} that asking for the figure costs; ` +
      `${collections} collections in all rounds, ${nsPerBlock.toFixed(0)} ns per block`,
  );
}
