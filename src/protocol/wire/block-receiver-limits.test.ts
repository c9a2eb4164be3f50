// What a peer may announce: everything is judged by its header, before memory is spent or a byte of it is read.
import assert from 'node:assert/strict';
import test from 'node:test';
import { blockBytes, join, rawLength, rawMessage, rawPiece } from '../../testing/wire/raw-messages.ts';
import { digest, ReceiverRig } from '../../testing/wire/receiver-rig.ts';
import { BYTE_BY_BYTE, GREEDY, SocketModel } from '../../testing/wire/socket-model.ts';
import { CONTROL_BUFFER_BYTES, MESSAGE_BYTES_MIN } from '../limits.ts';
import { BLOCK_BYTES } from './block.ts';
import type { BlockReceiver } from './block-receiver.ts';

const LINK = 7;
const PIECE_FIELDS = [0, 0, 0, 0, 0, 0, 0, 0];

const FEEDS: readonly (readonly [string, (receiver: BlockReceiver, bytes: Uint8Array) => void])[] = [
  ['greedily', (receiver, bytes) => new SocketModel(receiver).receive(bytes, GREEDY)],
  ['byte by byte', (receiver, bytes) => new SocketModel(receiver).receive(bytes, BYTE_BY_BYTE)],
  ['pushed', (receiver, bytes) => receiver.push(bytes)],
];

const BAD: readonly (readonly [string, Uint8Array, string])[] = [
  ['a message of 2³²−1 bytes', rawLength(2 ** 32 - 1, 20), 'ERR_WIRE_LENGTH'],
  ['a message of 2³¹ bytes', rawLength(2 ** 31, 20), 'ERR_WIRE_LENGTH'],
  ['a PIECE of 2³²−1 bytes', rawLength(2 ** 32 - 1, 7, ...PIECE_FIELDS), 'ERR_WIRE_LENGTH'],
  ['a PIECE that ends inside its header', rawLength(5, 7, 0, 0, 0, 0), 'ERR_WIRE_LENGTH'],
  ['a PIECE without a block', rawLength(9, 7, ...PIECE_FIELDS), 'ERR_WIRE_LENGTH'],
  ['a PIECE of a block and a byte', rawLength(9 + BLOCK_BYTES + 1, 7, ...PIECE_FIELDS), 'ERR_WIRE_LENGTH'],
  ['an expected block that is too short', rawLength(9 + 16, 7, ...PIECE_FIELDS), 'ERR_WIRE_BLOCK'],
  ['a message over the limit', rawLength(1 + MESSAGE_BYTES_MIN + 1, 20), 'ERR_WIRE_LENGTH'],
];

for (const [what, bytes, code] of BAD) {
  for (const [how, feed] of FEEDS) {
    test(`${what} ends the link before memory is spent (${how})`, () => {
      const rig = new ReceiverRig(2);
      const receiver = rig.greeted(LINK);
      receiver.expect(0, 0, BLOCK_BYTES, 0);
      const honest = join(rawMessage(4, [0, 0, 0, 1]), rawPiece(0, 0, new Uint8Array(BLOCK_BYTES)));
      const memoryBytes = process.memoryUsage().arrayBuffers;
      feed(receiver, join(bytes, honest, honest));
      assert.ok(process.memoryUsage().arrayBuffers - memoryBytes < 256 * 1024);
      assert.deepEqual(rig.trace, [`failed ${code}`]);
      // The place that waits for a block may hold what came instead; nobody else's does.
      rig.assertUntouched(1);
      receiver.close();
      rig.assertAllFree();
    });
  }
}

test('a length is judged from its four bytes alone when no message can have it', () => {
  const rig = new ReceiverRig(1);
  new SocketModel(rig.greeted(LINK)).receive(rawLength(2 ** 32 - 1));
  assert.deepEqual(rig.trace, ['failed ERR_WIRE_LENGTH']);
});

for (const [how, feed] of FEEDS) {
  test(`messages as long as the limit, and around the control buffer's size, come through (${how})`, () => {
    const sizes = [0, 1, MESSAGE_BYTES_MIN, MESSAGE_BYTES_MIN - 1];
    for (let around = -8; around <= 8; around++) sizes.push(CONTROL_BUFFER_BYTES + around);
    for (const expecting of [false, true]) {
      const rig = new ReceiverRig(2);
      const receiver = rig.greeted(LINK);
      if (expecting) receiver.expect(0, 0, BLOCK_BYTES, 0);
      const payloads = sizes.map((size) => blockBytes(1, size, size));
      feed(receiver, join(...payloads.map((payload) => rawMessage(20, payload))));
      assert.deepEqual(
        rig.trace,
        payloads.map((payload) => `message 20 ${digest(payload)}`),
      );
    }
  });
}

test('the limit can be raised and lowered between messages', () => {
  const rig = new ReceiverRig(1);
  const receiver = rig.greeted(LINK);
  receiver.limitMessages(100_000);
  receiver.push(rawMessage(5, new Uint8Array(100_000)));
  receiver.limitMessages(10);
  receiver.push(rawMessage(5, new Uint8Array(10)));
  receiver.push(rawMessage(5, new Uint8Array(11)));
  assert.deepEqual(
    rig.trace.map((line) => line.split(':')[0]),
    ['message 5 100000', 'message 5 10', 'failed ERR_WIRE_LENGTH'],
  );
});

test('piece numbers and offsets above 2³¹ belong to no expected block', () => {
  const rig = new ReceiverRig(2);
  const receiver = rig.greeted(LINK);
  receiver.expect(0, 0, 16, 0);
  new SocketModel(receiver).receive(
    join(rawPiece(2 ** 32 - 1, 0, new Uint8Array(16)), rawPiece(0, 2 ** 32 - 1, new Uint8Array(16))),
  );
  assert.deepEqual(rig.trace, ['wasted 4294967295 0 16', 'wasted 0 4294967295 16']);
  assert.equal(rig.counters.wastedBytes, 32);
  assert.ok(rig.memory.ownedBy(0, LINK));
  rig.assertUntouched(1);
});
