// Peers that stop giving without a word. What they hold is fetched from others, and they do not keep the program alive.
import assert from 'node:assert/strict';
import test from 'node:test';
import { drip, stallAfter } from '#src/testing/peers/pacing.ts';
import { downloadBesideHonest, signal } from '../support/fault-scene.ts';
import { fileTree } from '../support/payload.ts';
import { KIB, MIB, makeTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

/** 17 pieces, so the bitfield has 3 bytes. */
const TORRENT = makeTorrent(fileTree('stalling', { 'a.bin': 4 * MIB + 5 }, 51), 256 * KIB);
const HANDSHAKE_BYTES = 68;
const BITFIELD_BYTES = 8;
const UNCHOKE_BYTES = 5;
const OPENING_BYTES = HANDSHAKE_BYTES + BITFIELD_BYTES + UNCHOKE_BYTES;
const BLOCK_MESSAGE_BYTES = 13 + 16 * KIB;

const STALLS: readonly [title: string, bytes: number][] = [
  ['in its handshake', 20],
  ['in its bitfield', HANDSHAKE_BYTES + 6],
  ['after it unchoked', OPENING_BYTES],
  ['in the length of its first block', OPENING_BYTES + 2],
  ['in the header of its first block', OPENING_BYTES + 7],
  ['between the header and the first block', OPENING_BYTES + 13],
  ['in its first block', OPENING_BYTES + 13 + 5000],
  ['in the header of its fourth block', OPENING_BYTES + 3 * BLOCK_MESSAGE_BYTES + 7],
  ['in its fourth block', OPENING_BYTES + 3 * BLOCK_MESSAGE_BYTES + 13 + 1],
  ['one byte before the end of its twentieth block', OPENING_BYTES + 20 * BLOCK_MESSAGE_BYTES - 1],
];

for (const [title, bytes] of STALLS) {
  test(`a seeder that stalls ${title} does not hold up the download`, async (t) => {
    const workspace = await Workspace.open(t);
    const stalled = signal();
    const bad = { behaviours: [stallAfter(bytes, stalled.give)] };
    const { honest } = await downloadBesideHonest(workspace, { torrent: TORRENT, bad, cue: stalled.given });
    assert.ok(honest.sentBytes > 0, 'the honest seeder completed it');
  });
}

test('a seeder that drips one byte a second does not hold up the download', async (t) => {
  const workspace = await Workspace.open(t);
  const bad = { behaviours: [drip(1000, 1)] };
  await downloadBesideHonest(workspace, { torrent: TORRENT, bad, cue: 'at once' });
});

test('a seeder that drips its blocks does not hold up the download', async (t) => {
  const workspace = await Workspace.open(t);
  const bad = { behaviours: [drip(5, 50)] };
  await downloadBesideHonest(workspace, { torrent: TORRENT, bad, cue: 'requested' });
});
