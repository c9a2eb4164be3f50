// Strangers who take the places of a torrent and make nothing of them: idle, or interested and asking for nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { PLACE_HOPE_MS, PLACE_IDLE_MS, SLOT_UNUSED_MS } from '#src/engine/swarm/limits.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import type { Torrent } from '#src/engine/torrent/torrent.ts';
import {
  encodeRequest,
  HAVE_ALL_MESSAGE,
  HAVE_NONE_MESSAGE,
  INTERESTED_MESSAGE,
  KEEP_ALIVE,
} from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECES = 400;
const PLACES = 50;
const SQUATTERS = 200;

function scene(complete: boolean) {
  const world = new SimulatedSession({ peersMax: PLACES });
  const had = new Bitfield(PIECES);
  if (complete) had.fill();
  const { torrent } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had });
  torrent.dispatch({ type: 'resume' });
  let met = 0;
  const knock = (says: Uint8Array): RemotePeer => {
    const number = ++met;
    const remote = world.meet(torrent, {
      host: `10.2.${number >> 7}.${(number & 127) + 1}`,
      peerId: Uint8Array.from({ length: 20 }, (_, at) => (at < 2 ? number >> (8 * at) : 7) & 0xff),
    });
    if (!remote.closed) remote.send(complete ? HAVE_NONE_MESSAGE : HAVE_ALL_MESSAGE);
    if (!remote.closed) remote.send(says);
    return remote;
  };
  return { world, torrent, knock };
}

/** Asks for blocks one after the other, as a leech does that has been let in. */
function fetch(remote: RemotePeer, turn: number): void {
  if (!remote.closed) remote.send(encodeRequest({ piece: turn % PIECES, begin: 0, length: BLOCK_BYTES }));
}

/** An honest leech knocks every ten seconds until it is let in. Returns it, and how long that took. */
function enter(world: SimulatedSession, knock: () => RemotePeer, limitMs: number): readonly [RemotePeer, number] {
  const fromMs = world.queue.nowMs;
  for (;;) {
    const leech = knock();
    world.run(500);
    if (!leech.closed) return [leech, world.queue.nowMs - fromMs];
    assert.ok(world.queue.nowMs - fromMs < limitMs, 'nobody makes room');
    world.run(10_000);
  }
}

for (const [name, says] of [
  ['say nothing', KEEP_ALIVE],
  ['are interested and ask for nothing', INTERESTED_MESSAGE],
] as const) {
  test(`a leech gets into a seed whose places are taken by strangers that ${name}, and stays`, () => {
    const { world, torrent, knock } = scene(true);
    const squatters = Array.from({ length: SQUATTERS }, () => knock(says));
    assert.equal(torrent.swarm.size, PLACES);
    // Those that were refused go on knocking.
    const besiege = (): void => {
      for (let turn = 0; turn < 5; turn++) squatters.push(knock(says));
      for (const squatter of squatters) if (!squatter.closed) squatter.send(KEEP_ALIVE);
    };
    const patience = says === KEEP_ALIVE ? PLACE_IDLE_MS : PLACE_IDLE_MS + PLACES * 5000;
    const siege = (): RemotePeer => {
      besiege();
      return knock(INTERESTED_MESSAGE);
    };
    const [leech] = enter(world, siege, patience + 20_000);
    const inside = (): boolean => [...torrent.swarm.peers()].some(({ address }) => address.host === leech.address.host);
    for (let turn = 0; turn < 60; turn++) {
      besiege();
      fetch(leech, turn);
      world.run(2000);
      assert.ok(inside() && !leech.closed, `it was put out in turn ${turn}`);
    }
    assert.ok(leech.blocksGot.length >= 10, `${leech.blocksGot.length} blocks`);
    assert.ok(torrent.swarm.size <= PLACES);
  });
}

test('who is of use, or waits for a slot, is not put out for a newcomer', () => {
  const { world, torrent, knock } = scene(true);
  const leeches = Array.from({ length: PLACES }, () => knock(INTERESTED_MESSAGE));
  for (let turn = 0; turn < 60; turn++) {
    // Whoever has a slot uses it.
    for (const peer of torrent.swarm.peers()) {
      if (!peer.weChoke) fetch(leeches.find(({ address }) => address.host === peer.address.host)!, turn);
    }
    knock(INTERESTED_MESSAGE);
    world.run(3000);
    for (const leech of leeches) leech.send(KEEP_ALIVE);
  }
  assert.equal(leeches.filter(({ closed }) => closed).length, 0);
});

test('a seed that chokes a download keeps its place for two minutes, and then gives it to one that knocks', () => {
  const { world, torrent, knock } = scene(false);
  const misers = Array.from({ length: PLACES }, () => knock(KEEP_ALIVE));
  const wait = (ms: number): void => {
    for (let at = 0; at < ms; at += 20_000) {
      world.run(20_000);
      for (const miser of misers) if (!miser.closed) miser.send(KEEP_ALIVE);
    }
  };
  wait(PLACE_IDLE_MS + SLOT_UNUSED_MS);
  assert.ok(knock(KEEP_ALIVE).closed);
  wait(PLACE_HOPE_MS);
  assert.ok(!knock(KEEP_ALIVE).closed);
  world.run(500);
  assert.equal(misers.filter(({ closed }) => closed).length, 1);
  assert.ok(torrent.swarm.size <= PLACES);
});

test('whether a stranger could be let in is known before he has said anything', () => {
  const { world, torrent, knock } = scene(true);
  const from = { host: '10.9.9.9', port: 1 };
  assert.ok(world.session.admits(from));
  const leeches = Array.from({ length: PLACES }, () => knock(KEEP_ALIVE));
  assert.ok(!world.session.admits(from), 'everybody has just come');
  world.run(PLACE_IDLE_MS + 1000);
  assert.ok(world.session.admits(from), 'and makes nothing of it');
  world.session.ban(from.host);
  assert.ok(!world.session.admits(from));
  assert.equal((torrent satisfies Torrent).swarm.size, leeches.length);
});
