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
import { POISON, ReceiverRig } from '../../testing/wire/receiver-rig.ts';
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
  /** What the arena must hold. */
  readonly #model = new Uint8Array(FRAMES * BLOCK_BYTES).fill(POISON);
  /** Places whose first 13 bytes, from this one on, may hold anything: a header may have hung over into them. */
  readonly #uncertain = new Map<number, number>();
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
    for (const [place, from] of this.#uncertain) {
      this.#model.set(rig.frame(place).subarray(from, PIECE_HEADER_BYTES), place * BLOCK_BYTES + from);
    }
    assert.equal(Buffer.compare(rig.arena, this.#model), 0, 'the arena holds what landed and nothing else');
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
      this.#uncertain.set(block.place, 0);
    }
  }

  #landed(piece: number, begin: number): void {
    const { place, length } = this.#blocks.get(`${piece} ${begin}`)!;
    const bytes = blockBytes(piece, begin, length);
    assert.equal(Buffer.compare(this.rig.frame(place).subarray(0, length), bytes), 0, 'a landed block is whole');
    this.#model.set(bytes, place * BLOCK_BYTES);
    this.#uncertain.set(place, Math.min(length, PIECE_HEADER_BYTES));
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

test('one greedy stream of full blocks is read in as many reads as there are blocks, and one for the first header', () => {
  const blocks = 64;
  const rig = new ReceiverRig(blocks);
  const receiver = rig.greeted(LINK);
  for (let k = 0; k < blocks; k++) receiver.expect(3, k * BLOCK_BYTES, BLOCK_BYTES, k);
  const readsBefore = rig.counters.reads;
  const messages = Array.from({ length: blocks }, (_, k) =>
    rawPiece(3, k * BLOCK_BYTES, blockBytes(3, k * BLOCK_BYTES, BLOCK_BYTES)),
  );
  new SocketModel(receiver).receive(join(...messages));
  assert.equal(rig.counters.reads - readsBefore, blocks + 1);
  assert.equal(rig.counters.copiedBytes, 0);
  assert.equal(rig.counters.placedBytes, blocks * BLOCK_BYTES);
  assert.equal(Buffer.compare(rig.arena, join(...messages.map((m) => m.subarray(PIECE_HEADER_BYTES)))), 0);
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
