import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { DEPARTED_MAX } from './limits.ts';
import { Peer } from './peer.ts';
import { Swarm } from './swarm.ts';

function peer(link: number, id = link): Peer {
  const made = new Peer(link, { host: `192.0.2.${link}`, port: 1 }, false, new PeerPieces(new Bitfield(1)));
  made.peerId = new Uint8Array(20).fill(id);
  made.ready = true;
  return made;
}

test('peers are found by their links while they are there', () => {
  const swarm = new Swarm();
  const first = peer(1);
  swarm.add(first);
  swarm.add(peer(2));
  assert.equal(swarm.size, 2);
  assert.equal(swarm.get(1), first);
  swarm.remove(first);
  swarm.remove(first);
  assert.equal(swarm.get(1), undefined);
  assert.deepEqual(
    [...swarm.peers()].map(({ link }) => link),
    [2],
  );
});

test('where a link came from is known after it is gone, for the last ones', () => {
  const swarm = new Swarm();
  for (let link = 1; link <= DEPARTED_MAX + 1; link++) {
    const made = peer(link);
    swarm.add(made);
    assert.deepEqual(swarm.addressOf(link), made.address);
    swarm.remove(made);
  }
  assert.equal(swarm.addressOf(1), undefined);
  assert.deepEqual(swarm.addressOf(2), { host: '192.0.2.2', port: 1 });
});

test('a twin is another ready peer with the same id that is to stay', () => {
  const swarm = new Swarm();
  const [older, newer, other] = [peer(1, 7), peer(2, 7), peer(3, 8)];
  for (const each of [older, newer, other]) swarm.add(each);
  assert.equal(swarm.twinOf(newer), older);
  assert.equal(swarm.twinOf(other), undefined);
  older.closing = true;
  assert.equal(swarm.twinOf(newer), undefined);
  older.closing = false;
  older.ready = false;
  assert.equal(swarm.twinOf(newer), undefined);
});
