import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { Peer } from './peer.ts';
import { surplusOf } from './surplus.ts';
import { Swarm } from './swarm.ts';

/** Peers that exchanged so many bytes in a second; below zero: not connected yet. */
function swarmOf(...rates: readonly number[]): Swarm {
  const swarm = new Swarm();
  rates.forEach((rate, at) => {
    const address = { host: `192.0.2.${at}`, port: 1 };
    const peer = new Peer(at, address, true, new PeerPieces(new Bitfield(1)));
    peer.ready = rate >= 0;
    for (const meter of [peer.download, peer.upload]) {
      meter.tick(0);
      meter.add(Math.max(0, rate) / 2);
      meter.tick(1000);
    }
    swarm.add(peer);
  });
  return swarm;
}

function links(swarm: Swarm, peersMax: number): number[] {
  return surplusOf(swarm, peersMax).map(({ link }) => link);
}

test('whoever is of least use goes first, and before all whoever is not there yet', () => {
  const swarm = swarmOf(50, 0, 100, -1, 20);
  assert.deepEqual(links(swarm, 5), []);
  assert.deepEqual(links(swarm, 4), [3]);
  assert.deepEqual(links(swarm, 2), [3, 1, 4]);
});

test('who is going already is not told to go once more', () => {
  const swarm = swarmOf(50, 0, 100);
  swarm.get(1)!.closing = true;
  assert.deepEqual(links(swarm, 2), []);
  assert.deepEqual(links(swarm, 1), [0]);
});
