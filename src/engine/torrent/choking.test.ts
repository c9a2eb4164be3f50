// Choking as peers feel it: who is let in, who is told, and how soon.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { INTERESTED_MESSAGE, NOT_INTERESTED_MESSAGE } from '../../protocol/wire/message-writer.ts';
import type { RemotePeer } from '../../testing/simulator/remote-peer.ts';
import { SimulatedSession } from '../../testing/simulator/simulated-session.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS, UPLOAD_SLOTS_START } from '../choker/limits.ts';
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
  const remotes = Array.from({ length: 16 }, () => world.meet(torrent));
  const bored = world.meet(torrent);
  for (const remote of remotes) remote.send(INTERESTED_MESSAGE);
  world.run(300);
  const count = remotes.filter(open).length;
  assert.equal(count, UPLOAD_SLOTS_START);
  assert.ok(!open(bored));
});

for (const [how, leave] of [
  ['hangs up', (remote: RemotePeer) => remote.hangUp()],
  ['has enough', (remote: RemotePeer) => remote.send(NOT_INTERESTED_MESSAGE)],
] as const) {
  test(`the slot of a peer that ${how} is given on without waiting for the next round`, () => {
    const { world, torrent } = seeding();
    const remotes = Array.from({ length: 16 }, () => world.meet(torrent));
    for (const remote of remotes) remote.send(INTERESTED_MESSAGE);
    world.run(CHOKE_INTERVAL_MS / 2);
    const before = remotes.filter(open);
    for (const remote of before) leave(remote);
    world.run(500);
    const others = remotes.filter((remote) => !before.includes(remote));
    assert.ok(others.some(open), 'somebody new is let in');
  });
}

test('everybody has a turn in the end', () => {
  const { world, torrent } = seeding();
  const remotes = Array.from({ length: 16 }, () => world.meet(torrent));
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

test('two torrents share the slots: the second one gets half as soon as a round is over', () => {
  const { world, torrent } = seeding();
  const other = world.add(4 * BLOCK_BYTES, BLOCK_BYTES, { had: torrent.had }).torrent;
  other.dispatch({ type: 'resume' });
  const first = Array.from({ length: 12 }, () => world.meet(torrent));
  for (const remote of first) remote.send(INTERESTED_MESSAGE);
  world.run(2000);
  assert.equal(first.filter(open).length, UPLOAD_SLOTS_START);
  const second = Array.from({ length: 12 }, () => world.meet(other));
  for (const remote of second) remote.send(INTERESTED_MESSAGE);
  world.run(CHOKE_INTERVAL_MS + 500);
  const counts = [first.filter(open).length, second.filter(open).length];
  assert.ok(Math.abs(counts[0]! - counts[1]!) <= 1, `${counts}`);
});
