import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../../testing/seeded-random.ts';
import {
  MARKER,
  type PeerScript,
  peerScript,
  SCRIPT_MESSAGE_BYTES_MAX,
  type ScriptBlock,
} from '../../testing/wire/peer-script.ts';
import { blockBytes, join, rawMessage, rawPiece } from '../../testing/wire/raw-messages.ts';
import { ReceiverRig } from '../../testing/wire/receiver-rig.ts';
import { BYTE_BY_BYTE, GREEDY, type ReadSize, SocketModel } from '../../testing/wire/socket-model.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from './block.ts';
import type { BlockReceiver } from './block-receiver.ts';

const FRAMES = 9;
const LINK = 7;

/** Plays a script and holds the receiver to what it says; the rig is left for closer looks. */
class Play {
  readonly rig = new ReceiverRig(FRAMES);
  readonly receiver: BlockReceiver;
  readonly #script: PeerScript;
  readonly #blocks = new Map<string, ScriptBlock>();
  /** What landed and must stay as it is until its place is used again. */
  readonly #held = new Map<number, Uint8Array>();
  /** Places that were never this link's: nothing may be written there. */
  readonly #strange = new Set(Array.from({ length: FRAMES }, (_, place) => place));
  readonly #left = new Map<string, ScriptBlock>();
  #round = 0;

  constructor(script: PeerScript) {
    this.#script = script;
    this.receiver = this.rig.receiver(LINK, {
      message: (id) => id === MARKER && this.#nextRound(),
      landed: (piece, begin) => this.#landed(piece, begin),
    });
    this.receiver.limitMessages(SCRIPT_MESSAGE_BYTES_MAX);
  }

  check(): void {
    const { rig, receiver } = this;
    assert.deepEqual(rig.trace, this.#script.trace);
    const { counters } = rig;
    assert.equal(counters.placedBytes + counters.copiedBytes, this.#script.expectedBytes);
    assert.equal(counters.wastedBytes, this.#script.wastedBytes);
    for (const [place, bytes] of this.#held) {
      assert.equal(Buffer.compare(rig.frames.slice(place, bytes.length), bytes), 0, 'what landed is still there');
    }
    for (const place of this.#strange) rig.assertUntouched(place);
    receiver.revokeEach((piece, begin, length) => {
      assert.equal(this.#left.get(`${piece} ${begin}`)?.length, length);
      this.#left.delete(`${piece} ${begin}`);
    });
    receiver.destination();
    assert.equal(this.#left.size, 0, 'everything that was left is revoked');
    rig.assertAllFree();
  }

  #nextRound(): void {
    for (const [key, { piece, begin, length }] of this.#left) {
      assert.equal(this.receiver.revoke(piece, begin), length);
      this.#left.delete(key);
    }
    for (const block of this.#script.rounds[this.#round++]!) {
      this.receiver.expect(block.piece, block.begin, block.length, block.place);
      this.#blocks.set(`${block.piece} ${block.begin}`, block);
      this.#left.set(`${block.piece} ${block.begin}`, block);
      this.#held.delete(block.place);
      this.#strange.delete(block.place);
    }
  }

  #landed(piece: number, begin: number): void {
    const { place, length } = this.#blocks.get(`${piece} ${begin}`)!;
    const bytes = blockBytes(piece, begin, length);
    assert.equal(Buffer.compare(this.rig.frame(place).subarray(0, length), bytes), 0, 'a landed block is whole');
    this.#held.set(place, bytes);
    this.#left.delete(`${piece} ${begin}`);
  }
}

const randomSizes = (seed: number): ReadSize => {
  const random = new SeededRandom(seed);
  return (room) => 1 + Math.floor(random.next() ** 3 * room);
};

const inPlace: readonly (readonly [string, (seed: number) => ReadSize, number])[] = [
  ['as a fast socket reads', () => GREEDY, 150],
  ['byte by byte', () => BYTE_BY_BYTE, 12],
  ['in reads of any size', randomSizes, 100],
];

for (const [how, sizes, numRuns] of inPlace) {
  test(`a conversation read in place, ${how}, sets off what it says`, () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const play = new Play(peerScript(seed, FRAMES));
        new SocketModel(play.receiver).receive(peerScript(seed, FRAMES).bytes, sizes(seed));
        play.check();
      }),
      { numRuns },
    );
  });
}

test('a conversation pushed in chunks of any size sets off what it says', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 70_000 }), (seed, chunkBytesMax) => {
      const play = new Play(peerScript(seed, FRAMES));
      const { bytes } = peerScript(seed, FRAMES);
      const random = new SeededRandom(seed);
      for (let offset = 0; offset < bytes.length; ) {
        const end = offset + 1 + Math.floor(random.next() * chunkBytesMax);
        play.receiver.push(bytes.slice(offset, end));
        offset = end;
      }
      play.check();
      assert.equal(play.rig.counters.placedBytes, 0, 'a pushed block is copied');
    }),
    { numRuns: 100 },
  );
});

test('one greedy stream of full blocks is read in ever larger reads', () => {
  const blocks = 64;
  const rig = new ReceiverRig(blocks);
  const receiver = rig.greeted(LINK);
  for (let k = 0; k < blocks; k++) receiver.expect(3, k * BLOCK_BYTES, BLOCK_BYTES, k);
  const readsBefore = rig.counters.reads;
  const messages = Array.from({ length: blocks }, (_, k) =>
    rawPiece(3, k * BLOCK_BYTES, blockBytes(3, k * BLOCK_BYTES, BLOCK_BYTES)),
  );
  new SocketModel(receiver).receive(join(...messages));
  // The first header, then 1, 2, 4, 8 blocks, then 16 at once.
  assert.equal(rig.counters.reads - readsBefore, 9);
  assert.equal(rig.counters.copiedBytes, 0);
  assert.equal(rig.counters.placedBytes, blocks * BLOCK_BYTES);
  // But for the first header, which was waited for.
  const lying = rig.frames.bytes.subarray(PIECE_HEADER_BYTES);
  assert.equal(Buffer.compare(lying, join(...messages).subarray(PIECE_HEADER_BYTES)), 0, 'messages lie as they came');
});

test('messages that came along with blocks are told in the order in which they came', () => {
  const rig = new ReceiverRig(4);
  const receiver = rig.greeted(LINK);
  for (let k = 0; k < 3; k++) receiver.expect(0, k * BLOCK_BYTES, BLOCK_BYTES, k);
  const block = (k: number): Uint8Array => rawPiece(0, k * BLOCK_BYTES, new Uint8Array(BLOCK_BYTES).fill(k + 1));
  const have = rawMessage(4, [0, 0, 0, 9]);
  new SocketModel(receiver).receive(join(block(0), have, block(1), have, have, block(2)));
  const kinds = rig.trace.map((line) => line.split(' ')[0]);
  assert.deepEqual(kinds, ['landed', 'message', 'landed', 'message', 'message', 'landed']);
});

test('blocks that come in an order of their own stay where they arrived, and nothing is copied', () => {
  const blocks = 32;
  const order = fc.shuffledSubarray(
    Array.from({ length: blocks }, (_, k) => k),
    { minLength: blocks },
  );
  fc.assert(
    fc.property(order, fc.nat(), (sent, seed) => {
      const rig = new ReceiverRig(blocks);
      const receiver = rig.greeted(LINK);
      for (let k = 0; k < blocks; k++) receiver.expect(3, k * BLOCK_BYTES, BLOCK_BYTES, k);
      const block = (k: number): Uint8Array => blockBytes(3, k * BLOCK_BYTES, BLOCK_BYTES);
      const stream = join(...sent.map((k) => rawPiece(3, k * BLOCK_BYTES, block(k))));
      new SocketModel(receiver).receive(stream, seed % 2 === 0 ? GREEDY : randomSizes(seed));
      assert.equal(rig.counters.copiedBytes, 0);
      for (let k = 0; k < blocks; k++) assert.equal(Buffer.compare(rig.frame(k), block(k)), 0);
    }),
    { numRuns: 30 },
  );
});

test('a peer that trickles is read no further ahead than the next header', () => {
  const rig = new ReceiverRig(40);
  const receiver = rig.greeted(LINK);
  for (let k = 0; k < 40; k++) receiver.expect(0, k * BLOCK_BYTES, BLOCK_BYTES, k);
  const socket = new SocketModel(receiver);
  const messages = (from: number, to: number): Uint8Array =>
    join(
      ...Array.from({ length: to - from }, (_, k) =>
        rawPiece(0, (from + k) * BLOCK_BYTES, blockBytes(0, (from + k) * BLOCK_BYTES, BLOCK_BYTES)),
      ),
    );
  const burst = messages(0, 31);
  socket.receive(burst.subarray(0, -100));
  assert.ok(socket.destination.length > 4 * BLOCK_BYTES, 'a fast one is read far ahead');
  const rest = join(burst.subarray(-100), messages(31, 33).subarray(0, -100));
  for (let at = 0; at < rest.length; at += 1000) socket.receive(rest.subarray(at, at + 1000));
  assert.ok(socket.destination.length <= 2 * BLOCK_BYTES, 'little waits with it');
});
