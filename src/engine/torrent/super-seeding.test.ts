// What a super-seed shows to whom, peer by peer; whole swarms: test/sim/super-seeding.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { PiecePicker } from '../picker/piece-picker.ts';
import { Peer } from '../swarm/peer.ts';
import { BLOCK_BYTES, Geometry } from './geometry.ts';
import { SUPER_SEED_PIECES } from './limits.ts';
import { SuperSeeding } from './super-seeding.ts';

function scene(pieces: number) {
  const geometry = new Geometry(pieces * BLOCK_BYTES, BLOCK_BYTES);
  const random = new SeededRandom(1);
  const picker = new PiecePicker(pieces, random);
  const shown: [Peer, number][] = [];
  const show = (peer: Peer, piece: number): void => void shown.push([peer, piece]);
  const superSeeding = new SuperSeeding({ geometry, picker, random, show });
  let links = 0;
  /** Somebody who has said what he has. */
  const meet = (...has: number[]): Peer => {
    const peer = new Peer(++links, { host: `192.0.2.${links}`, port: 1 }, true, new PeerPieces(new Bitfield(pieces)));
    picker.join(peer.pieces);
    for (const piece of has) picker.addHave(peer.pieces, piece as never);
    peer.mayDeclarePieces = false;
    superSeeding.meet(peer, 0);
    return peer;
  };
  const shownTo = (peer: Peer): number[] => shown.flatMap(([to, piece]) => (to === peer ? [piece] : [])).sort();
  return { superSeeding, meet, shownTo };
}

test('where nothing is left to show, a newcomer is shown what one who leaves was shown alone', () => {
  const { superSeeding, meet, shownTo } = scene(SUPER_SEED_PIECES);
  const first = meet();
  superSeeding.tick(0);
  assert.equal(shownTo(first).length, SUPER_SEED_PIECES);
  const second = meet();
  superSeeding.tick(0);
  assert.deepEqual(shownTo(second), []);
  superSeeding.forget(first);
  superSeeding.tick(0);
  assert.deepEqual(shownTo(second), shownTo(first));
});

test('at its end everybody is shown the rest, but for what he has and who is leaving', () => {
  const { superSeeding, meet, shownTo } = scene(8);
  const [leech, leaving] = [meet(0, 1), meet()];
  leaving.closing = true;
  superSeeding.end();
  assert.equal(superSeeding.active, false);
  assert.deepEqual([shownTo(leech), shownTo(leaving)], [[2, 3, 4, 5, 6, 7], []]);
  superSeeding.end();
  assert.equal(shownTo(leech).length, 6, 'once');
});

test('only what was shown is given, and everything to whom nothing was hidden from', () => {
  const { superSeeding, meet, shownTo } = scene(8);
  const peer = meet();
  superSeeding.tick(0);
  for (let piece = 0; piece < 8; piece++) {
    assert.equal(superSeeding.withholds(peer, piece as never), !shownTo(peer).includes(piece));
  }
  superSeeding.forget(peer);
  assert.equal(superSeeding.withholds(peer, 0 as never), false);
});
