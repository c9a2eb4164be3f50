import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { isWorthLess, noteUse, wastesPlace } from './idle-places.ts';
import { PLACE_HOPE_MS, PLACE_IDLE_MS, SLOT_UNUSED_MS } from './limits.ts';
import { Peer } from './peer.ts';

const TICK_MS = 100;

function connected(): Peer {
  const peer = new Peer(1, { host: '192.0.2.1', port: 1 }, true, new PeerPieces(new Bitfield(1)));
  peer.ready = true;
  return peer;
}

/** How long a peer may sit there from now on before its place counts as wasted. */
function patienceMs(peer: Peer, fromMs: number): number {
  for (let nowMs = fromMs; nowMs < fromMs + 2 * PLACE_HOPE_MS; nowMs += TICK_MS) {
    noteUse(peer, nowMs);
    if (wastesPlace(peer, nowMs)) return nowMs - fromMs;
  }
  return Number.POSITIVE_INFINITY;
}

test('who neither wants nor gives anything has half a minute, and two where there is hope', () => {
  assert.equal(patienceMs(connected(), 1000), PLACE_IDLE_MS);
  const seed = connected();
  seed.weAreInterested = true;
  assert.equal(patienceMs(seed, 1000), PLACE_HOPE_MS);
  for (const meter of ['download', 'upload'] as const) {
    const trader = connected();
    noteUse(trader, 0);
    trader[meter].add(1);
    assert.equal(patienceMs(trader, 20_000), PLACE_HOPE_MS, meter);
  }
});

test('who is being connected, or is going, wastes nothing', () => {
  const coming = connected();
  coming.ready = false;
  assert.equal(patienceMs(coming, 0), Number.POSITIVE_INFINITY);
  const going = connected();
  going.closing = true;
  assert.equal(patienceMs(going, 0), Number.POSITIVE_INFINITY);
});

test('who waits for what we owe it is not idle', () => {
  const choked = connected();
  choked.interestedInUs = true;
  assert.equal(patienceMs(choked, 0), Number.POSITIVE_INFINITY);
  const asking = connected();
  asking.weChoke = false;
  asking.uploads.wanted.push(0, 0, 16_384);
  assert.equal(patienceMs(asking, 0), Number.POSITIVE_INFINITY);
});

test('who was given a slot and asked for nothing has no excuse any more, until it trades', () => {
  const peer = connected();
  peer.interestedInUs = true;
  noteUse(peer, 0);
  peer.weChoke = false;
  let nowMs = 0;
  for (; nowMs < SLOT_UNUSED_MS; nowMs += TICK_MS) noteUse(peer, nowMs);
  assert.ok(!peer.declinedSlot);
  noteUse(peer, nowMs);
  assert.ok(peer.declinedSlot);
  peer.weChoke = true;
  assert.ok(patienceMs(peer, nowMs) <= PLACE_IDLE_MS);
  peer.upload.add(1);
  noteUse(peer, nowMs);
  assert.ok(!peer.declinedSlot);
  assert.equal(patienceMs(peer, nowMs), Number.POSITIVE_INFINITY);
});

test('who traded less goes first, and of those who traded the same whoever is idle longer', () => {
  const [one, other] = [connected(), connected()];
  one.idleSinceMs = 5;
  other.idleSinceMs = 6;
  assert.deepEqual([isWorthLess(one, other), isWorthLess(other, one)], [true, false]);
  one.download.add(2);
  other.upload.add(1);
  assert.deepEqual([isWorthLess(one, other), isWorthLess(other, one)], [false, true]);
});
