// What a block costs on its way from chunks to the engine, by the ways of the design's section 1: peeking and owned chunks
// (S1, S2), and PIECE headers that the host or the engine decodes (S3). No sockets: chunks come from memory.
// Prints one line of JSON: for each way, nanoseconds and garbage collections per million blocks. Needs --expose-gc.
import { PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { Arena } from '#src/host/memory/arena.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from '#src/protocol/wire/block.ts';
import { BlockReceiver } from '#src/protocol/wire/block-receiver.ts';

import { encodeHandshake } from '#src/protocol/wire/handshake.ts';
import { writePieceHeader } from '#src/protocol/wire/message-writer.ts';
import { PieceMemory } from '#src/protocol/wire/piece-memory.ts';
import { ReceiveCounters } from '#src/protocol/wire/receive-counters.ts';
import { receiverCommons } from '#src/protocol/wire/receiver-commons.ts';
import { OldChunkList } from '../study/old-chunk-list.ts';

const FRAMES = 64;
const LINK = 1;
const BLOCKS = 300_000;
/** A chunk ends inside of the length prefix. */
const CUT = 2;
const STRIDE = 5;

const nothing = (): undefined => undefined;

/** What an engine does first with a block: whose it is, and where it belongs. */
class Places {
  readonly links: Map<number, number> = new Map([[LINK, 0]]);
  landed = 0;

  take(link: number, piece: number, length: number): number {
    if (this.links.get(link) === undefined || length !== BLOCK_BYTES) throw new Error('a block of nobody');
    this.landed++;
    return piece % FRAMES;
  }
}

const places = new Places();
const arena = new Uint8Array(new SharedArrayBuffer(FRAMES * BLOCK_BYTES)).fill(1);
const message = new Uint8Array(PIECE_HEADER_BYTES + BLOCK_BYTES).fill(1);
writePieceHeader(message, 0, 0, 0, BLOCK_BYTES);
const records = new Int32Array(FRAMES * STRIDE);
for (let at = 0; at < records.length; at += STRIDE) records.set([LINK, at / STRIDE, 0, BLOCK_BYTES, 0], at);

function descriptors(batch: number): (blocks: number) => void {
  const hear = (list: Int32Array, count: number): void => {
    for (let at = 0; at < count * STRIDE; at += STRIDE) places.take(list[at]!, list[at + 1]!, list[at + 3]!);
  };
  return (blocks) => {
    for (let told = 0; told < blocks; told += batch) hear(records, batch);
  };
}

/** The engine gets whole PIECE messages and decodes them; `copies`: it also puts the block into its place. */
function messages(copies: boolean): (blocks: number) => void {
  const hear = (link: number, payload: Uint8Array): void => {
    const view = new DataView(payload.buffer, payload.byteOffset, 8);
    const piece = { index: view.getUint32(0), begin: view.getUint32(4), block: payload.subarray(8) };
    const place = places.take(link, piece.index, piece.block.length);
    if (copies) arena.set(piece.block, place * BLOCK_BYTES);
  };
  return (blocks) => {
    for (let told = 0; told < blocks; told++) hear(LINK, message.subarray(5));
  };
}

/** The receiver's own fallback: chunks that nobody lent, cut inside of a header. */
function receiver(): (blocks: number) => void {
  const memory = new PieceMemory(new Arena(FRAMES).frames);
  const sink = {
    handshake: nothing,
    message: nothing,
    request: nothing,
    keepAlive: nothing,
    landed: (piece: number, _begin: number, length: number) => void places.take(LINK, piece, length),
    returned: nothing,
    wasted: nothing,
    failed: (code: string) => {
      throw new Error(code);
    },
  };
  const link = new BlockReceiver(LINK, sink, receiverCommons(memory, new ReceiveCounters()));
  const twenty = new Uint8Array(20);
  link.push(encodeHandshake({ infoHash: twenty, peerId: twenty, extensions: false, fast: false, dht: false }));
  const [head, rest] = [message.subarray(0, CUT), message.subarray(CUT)];
  return (blocks) => {
    for (let told = 0; told < blocks; told++) {
      // Like everybody's, its blocks go to a mebibyte of places, not to one that stays in the cache.
      link.expect(0, 0, BLOCK_BYTES, told % FRAMES);
      link.push(head);
      link.push(rest);
    }
  };
}

function chunkList(owned: boolean): (blocks: number) => void {
  const take = (joined: Uint8Array): void => {
    // The first is the handshake.
    if (joined.length > BLOCK_BYTES) places.take(LINK, 0, joined.length - PIECE_HEADER_BYTES);
  };
  const list = new OldChunkList(take, owned);
  list.push(Buffer.alloc(68));
  const [head, rest] = [Buffer.from(message.subarray(0, CUT)), Buffer.from(message.subarray(CUT))];
  return (blocks) => {
    for (let told = 0; told < blocks; told++) {
      list.push(head);
      list.push(rest);
    }
  };
}

const WAYS: readonly (readonly [title: string, make: () => (blocks: number) => void])[] = [
  ['S3: the host decodes, 64 descriptors at once', () => descriptors(64)],
  ['S3: the host decodes, a descriptor for each block', () => descriptors(1)],
  ['S3: the engine decodes PIECE messages, bytes stay', () => messages(false)],
  ['S3: the engine decodes PIECE messages and copies the block', () => messages(true)],
  ['S1, S2: a header cut in two, our receiver, one copy', receiver],
  ['S1, S2: a header cut in two, chunk list that owns its chunks', () => chunkList(true)],
  ['S1, S2: a header cut in two, chunk list that copies them', () => chunkList(false)],
];

const results: { title: string; nanoseconds: number; collections: number }[] = [];
for (const [title, make] of WAYS) {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  const run = make();
  run(BLOCKS / 3);
  globalThis.gc!();
  await turn();
  observer.observe({ entryTypes: ['gc'] });
  const startMs = performance.now();
  run(BLOCKS);
  const tookMs = performance.now() - startMs;
  // Entries are delivered a turn later.
  await turn();
  await turn();
  observer.disconnect();
  results.push({ title, nanoseconds: (tookMs * 1e6) / BLOCKS, collections: (collections * 1e6) / BLOCKS });
}
process.stdout.write(`${JSON.stringify(results)}\n`);
