// The hazards of direct placement, one by one. Each test fails when the guard it is about is taken out.
import assert from 'node:assert/strict';
import test from 'node:test';
import { blockBytes, join, rawMessage, rawPiece } from '../../testing/wire/raw-messages.ts';
import { POISON, ReceiverRig } from '../../testing/wire/receiver-rig.ts';
import { SocketModel } from '../../testing/wire/socket-model.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from './block.ts';
import type { BlockReceiver } from './block-receiver.ts';

const LINK = 7;
const OTHER = 9;
const HALF = BLOCK_BYTES / 2;

const begin = (k: number): number => k * BLOCK_BYTES;
const block = (k: number): Uint8Array => blockBytes(0, begin(k), BLOCK_BYTES);
const message = (k: number): Uint8Array => rawPiece(0, begin(k), block(k));

/** Expects blocks of piece 0, block k on place k. */
function expect(receiver: BlockReceiver, ...blocks: readonly number[]): void {
  for (const k of blocks) receiver.expect(0, begin(k), BLOCK_BYTES, k);
}

/** A receiver that is about to read the payload of block 0, with blocks 0 and 1 expected. */
function duringBlock0(rig: ReceiverRig): { receiver: BlockReceiver; socket: SocketModel } {
  const receiver = rig.greeted(LINK);
  expect(receiver, 0, 1);
  const socket = new SocketModel(receiver);
  socket.receive(message(0).subarray(0, PIECE_HEADER_BYTES));
  return { receiver, socket };
}

function assertHolds(rig: ReceiverRig, k: number): void {
  assert.equal(Buffer.compare(rig.frame(k), block(k)), 0, `place ${k} holds its block`);
}

test('the next header is read along with the block when its place belongs to this link', () => {
  const rig = new ReceiverRig(4);
  const { socket } = duringBlock0(rig);
  assert.equal(socket.destination.length, BLOCK_BYTES + PIECE_HEADER_BYTES);
});

test('a revoked block under the overhang is returned only when the destination has moved off it', () => {
  const rig = new ReceiverRig(4);
  const { receiver, socket } = duringBlock0(rig);
  assert.equal(receiver.revoke(0, begin(1)), BLOCK_BYTES);
  assert.deepEqual(rig.returned, [], 'the socket may still write there');
  assert.ok(rig.memory.ownedBy(1, LINK));
  socket.receive(block(0).subarray(0, HALF));
  assert.deepEqual(rig.returned, [`0 ${begin(1)} ${BLOCK_BYTES}`]);
  assert.equal(socket.destination.length, HALF, 'the overhang is not taken again');
  rig.memory.claim(1, OTHER);
  socket.receive(join(block(0).subarray(HALF), rawMessage(4, [0, 0, 0, 1])));
  rig.assertUntouched(1);
  assertHolds(rig, 0);
});

test('a revoked block whose header came with the overhang is thrown away', () => {
  const rig = new ReceiverRig(4);
  let revoked = 0;
  const receiver = rig.greeted(LINK, { landed: () => (revoked += receiver.revoke(0, begin(1))) });
  expect(receiver, 0, 1);
  new SocketModel(receiver).receive(join(message(0), message(1)));
  assert.equal(revoked, BLOCK_BYTES);
  assert.deepEqual(rig.returned, [`0 ${begin(1)} ${BLOCK_BYTES}`]);
  assert.deepEqual(rig.trace, [`landed 0 0 ${BLOCK_BYTES}`, `wasted 0 ${begin(1)} ${BLOCK_BYTES}`]);
  rig.assertUntouched(1, PIECE_HEADER_BYTES);
  assertHolds(rig, 0);
});

test('a block that is coming in cannot be revoked any more: it lands', () => {
  const rig = new ReceiverRig(4);
  const { receiver, socket } = duringBlock0(rig);
  assert.equal(receiver.revoke(0, begin(0)), 0);
  assert.ok(rig.memory.ownedBy(0, LINK), 'the socket may still write there');
  socket.receive(block(0));
  assert.deepEqual(rig.trace, [`landed 0 0 ${BLOCK_BYTES}`]);
  assert.deepEqual(rig.returned, []);
});

test('revoking everything spares the block that is coming in and waits with the one under the overhang', () => {
  const rig = new ReceiverRig(4);
  const { receiver, socket } = duringBlock0(rig);
  expect(receiver, 3);
  const visited: number[] = [];
  receiver.revokeEach((_, at) => visited.push(at));
  assert.deepEqual(visited, [begin(1), begin(3)]);
  assert.deepEqual(rig.returned, [`0 ${begin(3)} ${BLOCK_BYTES}`]);
  socket.receive(block(0));
  assert.deepEqual(rig.trace, [`landed 0 0 ${BLOCK_BYTES}`]);
  assert.equal(rig.returned.length, 2);
  rig.assertAllFree();
});

test('a place of which no byte has come is returned at once', () => {
  const rig = new ReceiverRig(40);
  const receiver = rig.greeted(LINK);
  const socket = new SocketModel(receiver);
  expect(receiver, 0);
  socket.receive(rawMessage(4, [0, 0, 0, 1]));
  receiver.revoke(0, begin(0));
  assert.equal(rig.returned.length, 1);
  // After a burst, too, that made the receiver read far ahead.
  expect(receiver, ...Array.from({ length: 40 }, (_, k) => k));
  socket.receive(join(...Array.from({ length: 30 }, (_, k) => message(k))));
  receiver.revokeEach(() => undefined);
  assert.equal(rig.returned.length, 11);
  rig.assertAllFree();
});

test('a block is revoked once: asking again finds nothing', () => {
  const rig = new ReceiverRig(4);
  const { receiver, socket } = duringBlock0(rig);
  assert.equal(receiver.revoke(0, begin(1)), BLOCK_BYTES);
  assert.equal(receiver.revoke(0, begin(1)), 0);
  receiver.revokeEach(() => assert.fail('nothing is left to revoke'));
  socket.receive(block(0));
  assert.equal(rig.returned.length, 1);
});

test('a pushed chunk leaves no destination behind: what is revoked afterwards is returned at once', () => {
  const rig = new ReceiverRig(4);
  const receiver = rig.greeted(LINK);
  expect(receiver, 0, 1);
  receiver.push(message(0).subarray(0, HALF));
  receiver.revoke(0, begin(1));
  assert.deepEqual(rig.returned, [`0 ${begin(1)} ${BLOCK_BYTES}`]);
});

test('a block revoked while a chunk is pushed is returned with the chunk', () => {
  const rig = new ReceiverRig(4);
  const receiver = rig.greeted(LINK, { landed: () => receiver.revoke(0, begin(1)) });
  expect(receiver, 0, 1);
  receiver.push(message(0));
  assert.deepEqual(rig.returned, [`0 ${begin(1)} ${BLOCK_BYTES}`]);
});

const FOREIGN_NEIGHBOURS: readonly (readonly [string, (rig: ReceiverRig, receiver: BlockReceiver) => void])[] = [
  ['nobody', () => undefined],
  ['another link', (rig) => rig.memory.claim(1, OTHER)],
  [
    'this link no more: it was revoked',
    (_, receiver) => {
      expect(receiver, 1);
      receiver.revoke(0, begin(1));
    },
  ],
];

for (const [owner, prepare] of FOREIGN_NEIGHBOURS) {
  test(`nothing is written beyond a block when the next place belongs to ${owner}`, () => {
    const rig = new ReceiverRig(4);
    const receiver = rig.greeted(LINK);
    prepare(rig, receiver);
    expect(receiver, 0, 2);
    new SocketModel(receiver).receive(join(message(0), message(2)));
    assertHolds(rig, 0);
    assertHolds(rig, 2);
    rig.assertUntouched(1);
    rig.assertUntouched(3);
    assert.equal(rig.counters.copiedBytes, 0);
  });
}

test('a block that has landed stays whole when the one before it comes later', () => {
  const rig = new ReceiverRig(4);
  const receiver = rig.greeted(LINK);
  expect(receiver, 0, 1, 2);
  const socket = new SocketModel(receiver);
  for (const k of [1, 0, 2]) {
    socket.receive(message(k));
    assertHolds(rig, k);
  }
  for (const k of [0, 1, 2]) assertHolds(rig, k);
});

test('the last place of the arena has nothing behind it', () => {
  const rig = new ReceiverRig(2);
  const receiver = rig.greeted(LINK);
  expect(receiver, 1);
  new SocketModel(receiver).receive(join(message(1), rawMessage(4, [0, 0, 0, 1])));
  assertHolds(rig, 1);
  rig.assertUntouched(0);
});

test('a short block has no overhang: its place goes on behind it', () => {
  const rig = new ReceiverRig(2);
  const receiver = rig.greeted(LINK);
  receiver.expect(0, 0, 100, 0);
  receiver.expect(0, begin(1), BLOCK_BYTES, 1);
  const short = blockBytes(0, 0, 100);
  new SocketModel(receiver).receive(join(rawPiece(0, 0, short), message(1)));
  assert.deepEqual(rig.frame(0).subarray(0, 100), short);
  rig.assertUntouched(0, 100);
  assertHolds(rig, 1);
});

test('a place is never given to two links', () => {
  const rig = new ReceiverRig(2);
  expect(rig.greeted(LINK), 0);
  assert.throws(() => expect(rig.greeted(OTHER), 0), /one owner/);
});

test('closing frees every place: of the block that is coming in, of the one under the overhang, of all others', () => {
  const rig = new ReceiverRig(4);
  const { receiver, socket } = duringBlock0(rig);
  expect(receiver, 2, 3);
  socket.receive(block(0).subarray(0, HALF));
  receiver.revoke(0, begin(1));
  receiver.close();
  receiver.close();
  rig.assertAllFree();
  assert.deepEqual(rig.returned, [], 'closing tells nobody');
});

test('after close nothing is told and nothing is placed', () => {
  const rig = new ReceiverRig(2);
  const receiver = rig.greeted(LINK);
  expect(receiver, 0);
  receiver.close();
  new SocketModel(receiver).receive(message(0));
  assert.deepEqual(rig.trace, []);
  rig.assertUntouched(0);
});

test('a stopped link tells nothing more, not even of what it has read, and keeps its places until it is closed', () => {
  const rig = new ReceiverRig(4);
  const receiver = rig.greeted(LINK, { message: () => receiver.stop() });
  receiver.push(join(rawMessage(4, [0, 0, 0, 1]), rawMessage(4, [0, 0, 0, 2])));
  assert.equal(rig.trace.length, 1);

  const late = new ReceiverRig(4);
  const { receiver: stopped, socket } = duringBlock0(late);
  stopped.stop();
  socket.receive(join(block(0), message(1)));
  assert.deepEqual(late.trace, []);
  assert.ok(late.memory.ownedBy(0, LINK), 'the socket kept its destination');
  stopped.close();
  late.assertAllFree();
});

test('a landed block is free at once, for whoever gets its place next', () => {
  const rig = new ReceiverRig(2);
  const receiver = rig.greeted(LINK, {
    landed: (_, at) => {
      if (at > 0) return;
      rig.memory.claim(0, OTHER);
      rig.frame(0).fill(POISON);
    },
  });
  expect(receiver, 0, 1);
  new SocketModel(receiver).receive(join(message(0), message(1)));
  rig.assertUntouched(0);
  assertHolds(rig, 1);
});
