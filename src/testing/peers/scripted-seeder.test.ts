import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { SeededRandom } from '../seeded-random.ts';
import type { BehaviourMaker } from './behaviour.ts';
import { BITFIELD, frame, handshake, INTERESTED, pieceFrame, REQUEST, requestFrame, UNCHOKE } from './frames.ts';
import { closeAfter, drip, splitWrites } from './pacing.ts';
import { ScriptedSeeder } from './scripted-seeder.ts';
import { corruptBlocks } from './wrong-blocks.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
const TORRENT = { infoHash: createHash('sha1').update('tiny').digest(), pieceBytes: 64, bytes: BYTES };
const REQUESTS = [
  { piece: 0, begin: 0, length: 64 },
  { piece: 1, begin: 0, length: 36 },
];
const PEER_ID = Buffer.alloc(20, 'x');

/** What a good seeder says in this session, its peer id blanked. */
const EXPECTED = Buffer.concat([
  handshake(TORRENT.infoHash, Buffer.alloc(20)),
  frame(BITFIELD, Buffer.of(0b1100_0000)),
  frame(UNCHOKE),
  pieceFrame(0, 0, BYTES.subarray(0, 64)),
  pieceFrame(1, 0, BYTES.subarray(64)),
]);

/** Asks for everything without waiting for an answer, and returns what came until `bytesMax` or the end. */
async function sessionWith(behaviours: readonly BehaviourMaker[], bytesMax: number): Promise<Buffer> {
  const seeder = await ScriptedSeeder.listen(TORRENT, { behaviours });
  const socket = net.connect(seeder.port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  const asked = REQUESTS.map((request) => requestFrame(REQUEST, request));
  socket.write(Buffer.concat([handshake(TORRENT.infoHash, PEER_ID), frame(INTERESTED), ...asked]));
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length >= bytesMax) socket.destroy();
  });
  await once(socket, 'close');
  await seeder.stop();
  received.subarray(48, 68).fill(0);
  return received;
}

test('a scripted seeder without behaviours is a good seeder', async () => {
  assert.deepEqual(await sessionWith([], EXPECTED.length), EXPECTED);
});

test('split and dripping seeders send the same bytes as a good one', async () => {
  assert.deepEqual(await sessionWith([splitWrites(new SeededRandom(1), 9)], EXPECTED.length), EXPECTED);
  assert.deepEqual(await sessionWith([drip(1, 20)], EXPECTED.length), EXPECTED);
});

test('a seeder that closes after so many bytes sends exactly those', async () => {
  for (let bytes = 0; bytes <= EXPECTED.length; bytes++) {
    const received = await sessionWith([closeAfter(bytes, 'end')], Number.POSITIVE_INFINITY);
    assert.deepEqual(received, EXPECTED.subarray(0, bytes));
  }
});

test('a corrupting seeder changes one byte of a block and leaves its own copy alone', async () => {
  const before = Buffer.from(BYTES);
  const received = await sessionWith([corruptBlocks(1, new SeededRandom(1))], EXPECTED.length);
  assert.equal(received.filter((byte, i) => byte !== EXPECTED[i]).length, 2);
  assert.deepEqual(Buffer.from(TORRENT.bytes), before);
});

test('a seeder that dials says hello first', async () => {
  const listener = await ScriptedSeeder.listen(TORRENT);
  let heardBack = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    heardBack = resolve;
  });
  const caller = new ScriptedSeeder(TORRENT, { behaviours: [() => ({ opened: heardBack })] });
  await caller.dial(listener.port);
  await opened;
  assert.equal(listener.sessions.length, 1);
  await caller.stop();
  await listener.stop();
});
