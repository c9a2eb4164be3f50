// Choking as peers feel it: who is let in, who is told, and how soon.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { INTERESTED_MESSAGE, NOT_INTERESTED_MESSAGE } from '../../protocol/wire/message-writer.ts';
import type { RemotePeer } from '../../testing/engine/remote-peer.ts';
import { SimulatedSession } from '../../testing/engine/simulated-session.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS, UPLOAD_SLOTS } from '../limits.ts';
import { BLOCK_BYTES } from './geometry.ts';

function seeding() {
  const world = new SimulatedSession();
  const had = new Bitfield(4);
  had.fill();
  const { torrent } = world.add(4 * BLOCK_BYTES, BLOCK_BYTES, { had });
  torrent.dispatch({ type: 'resume' });
  return { world, torrent };
}

/** Whether we let the peer download, by what we told it. */
function open(remote: RemotePeer): boolean {
  const told = remote.heard.filter(({ type }) => type === 'choke' || type === 'unchoke');
  return told.at(-1)?.type === 'unchoke';
}

test('the first who are interested are let in at once, the others wait; nobody else is', () => {
  const { world, torrent } = seeding();
  const remotes = Array.from({ length: 8 }, () => world.meet(torrent));
  const bored = world.meet(torrent);
  for (const remote of remotes) remote.send(INTERESTED_MESSAGE);
  world.run(300);
  const count = remotes.filter(open).length;
  assert.ok(count >= UPLOAD_SLOTS && count <= UPLOAD_SLOTS + 1, `${count} slots`);
  assert.ok(!open(bored));
});

test('a slot that becomes free is given on without waiting for the next round', () => {
  const { world, torrent } = seeding();
  const remotes = Array.from({ length: 8 }, () => world.meet(torrent));
  for (const remote of remotes) remote.send(INTERESTED_MESSAGE);
  world.run(CHOKE_INTERVAL_MS);
  const before = remotes.filter(open);
  before[0]!.hangUp();
  before[1]!.send(NOT_INTERESTED_MESSAGE);
  world.run(500);
  const now = remotes.filter((remote) => open(remote) && !remote.closed);
  assert.ok(
    now.some((remote) => !before.includes(remote)),
    'somebody new is let in',
  );
});

test('everybody has a turn in the end', () => {
  const { world, torrent } = seeding();
  const remotes = Array.from({ length: 8 }, () => world.meet(torrent));
  const served = new Set<RemotePeer>();
  for (const remote of remotes) remote.send(INTERESTED_MESSAGE);
  for (let round = 0; round < 40; round++) {
    world.run(OPTIMISTIC_INTERVAL_MS / 2);
    for (const remote of remotes) {
      if (open(remote)) served.add(remote);
      remote.send(INTERESTED_MESSAGE);
    }
  }
  assert.equal(served.size, remotes.length);
});
