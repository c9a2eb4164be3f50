import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { randomBelow } from '../../base/clock.ts';
import { commonBits, compareDistance } from '../../protocol/krpc/node-id.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { BUCKET_NODES, BUCKET_SPARES, FAR_BUCKET_NODES, NODES_PER_NETWORK } from './limits.ts';
import { RoutingTable } from './routing-table.ts';

const OWN = new Uint8Array(20);

function idOf(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: 20 }, () => randomBelow(random, 256));
}

/** Ids that share `bits` leading bits with ours. */
function near(bits: number, salt: number): Uint8Array {
  const id = new Uint8Array(20);
  id[bits >> 3] = 0x80 >> (bits & 7);
  id[18] = salt >> 8;
  id[19] = salt;
  return id;
}

function local(index: number): { host: string; port: number } {
  return { host: `10.0.${index >> 8}.${index & 255}`, port: 6881 };
}

test('closest are the nearest of all that are in use, whatever is looked for', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 300 }), (seed, count) => {
      const random = new SeededRandom(seed);
      const table = new RoutingTable(idOf(random));
      for (let index = 0; index < count; index++) table.answered({ id: idOf(random), ...local(index) }, index);
      const target = idOf(random);
      const all = [...table.nodes()].sort((a, b) => compareDistance(target, a.id, b.id));
      assert.deepEqual(table.closest(target, 8), all.slice(0, 8));
      assert.equal(all.length, table.size);
    }),
    { numRuns: 60 },
  );
});

test('buckets are bounded, the far ones larger, and old nodes stay', () => {
  const table = new RoutingTable(OWN);
  for (let index = 0; index < 200; index++) table.answered({ id: near(0, index), ...local(index) }, 1);
  for (let index = 0; index < 200; index++) table.answered({ id: near(9, index), ...local(1000 + index) }, 1);
  const inBucket = (bits: number): number => [...table.nodes()].filter(({ id }) => commonBits(OWN, id) === bits).length;
  assert.equal(inBucket(0), FAR_BUCKET_NODES[0]);
  assert.equal(inBucket(9), BUCKET_NODES);
  assert.ok(table.find(local(0)), 'the first is still there');
  assert.equal(table.find(local(100)), undefined);
  assert.ok(table.find(local(199)), 'the last ones wait as spares');
});

test('a node that fails gives way to the spare that answered last; without one it has three chances', () => {
  const table = new RoutingTable(OWN);
  const total = BUCKET_NODES + BUCKET_SPARES;
  for (let index = 0; index < total; index++) table.answered({ id: near(9, index), ...local(index) }, index);
  table.failed(local(0));
  assert.equal(table.find(local(0)), undefined);
  assert.equal(table.size, BUCKET_NODES);
  assert.ok([...table.nodes()].some(({ host }) => host === local(total - 1).host));
  const lonely = new RoutingTable(OWN);
  lonely.answered({ id: near(9, 1), ...local(1) }, 0);
  lonely.failed(local(1));
  lonely.failed(local(1));
  assert.equal(lonely.size, 1);
  assert.deepEqual(lonely.closest(OWN, 8), [], 'it is not told to others meanwhile');
  lonely.failed(local(1));
  assert.equal(lonely.size, 0);
});

test('an id belongs to who answers under it; who changes his own is another', () => {
  const table = new RoutingTable(OWN);
  table.answered({ id: near(3, 1), ...local(1) }, 0);
  table.answered({ id: near(3, 1), ...local(2) }, 1);
  assert.equal(table.find(local(2)), undefined, 'a thief gets nothing');
  table.answered({ id: near(3, 5), ...local(1) }, 2);
  assert.deepEqual(
    [...table.nodes()].map(({ id }) => id[19]),
    [5],
  );
  table.answered({ id: OWN, ...local(3) }, 3);
  assert.equal(table.size, 1, 'nobody else has our id');
});

test('of one address of the internet one node is taken, of one network a few', () => {
  const table = new RoutingTable(OWN);
  for (let index = 0; index < 20; index++) {
    table.answered({ id: near(0, index), host: `9.9.9.${index}`, port: 1 }, 0);
    table.answered({ id: near(1, index), host: '8.8.8.8', port: 1 + index }, 0);
  }
  assert.equal(table.size, NODES_PER_NETWORK + 1);
  assert.equal(table.wants({ id: near(5, 1), host: '9.9.9.200', port: 1 }), false);
  assert.equal(table.wants({ id: near(5, 1), host: '9.9.10.200', port: 1 }), true);
});

test('who answers again has been seen again, and something happened in its bucket', () => {
  const table = new RoutingTable(OWN);
  table.answered({ id: near(3, 1), ...local(1) }, 0);
  table.answered({ id: near(7, 2), ...local(2) }, 5);
  assert.equal(table.stalest()?.port, table.find(local(1))?.port);
  table.failed(local(1));
  table.answered({ id: near(3, 1), ...local(1) }, 10);
  assert.deepEqual([table.find(local(1))?.seenMs, table.find(local(1))?.failures], [10, 0]);
  assert.equal(table.stalest(), table.find(local(2)));
  assert.equal(table.idleBucket(3), 0, 'those between have nobody, and nothing happened in them');
  for (let index = 0; index < 7; index++) if (index !== 3) table.touchBucket(index, 10);
  assert.equal(table.idleBucket(6), 7);
  table.touchBucket(7, 10);
  assert.equal(table.idleBucket(10), undefined);
});

test('of those that failed a newcomer replaces the one that failed most, and nobody else', () => {
  const table = new RoutingTable(OWN);
  for (let index = 0; index < BUCKET_NODES; index++) table.answered({ id: near(9, index), ...local(index) }, index);
  assert.equal(table.wants({ id: near(9, 100), ...local(100) }), true, 'to wait for a place');
  for (const failing of [2, 5, 5, 6]) table.failed(local(failing));
  table.answered({ id: near(9, 100), ...local(100) }, 100);
  assert.equal(table.find(local(5)), undefined);
  assert.equal(table.size, BUCKET_NODES);
  assert.ok([2, 6, 100].every((index) => [...table.nodes()].includes(table.find(local(index))!)));
});

test('the only spare takes the place of a node that failed', () => {
  const table = new RoutingTable(OWN);
  for (let index = 0; index <= BUCKET_NODES; index++) table.answered({ id: near(9, index), ...local(index) }, index);
  table.failed(local(3));
  assert.equal(table.size, BUCKET_NODES);
  assert.ok([...table.nodes()].includes(table.find(local(BUCKET_NODES))!));
});

test('nobody is worth a question whom we know, or have no place for', () => {
  const table = new RoutingTable(OWN);
  for (let index = 0; index < BUCKET_NODES + BUCKET_SPARES - 1; index++)
    table.answered({ id: near(9, index), ...local(index) }, index);
  assert.equal(table.wants({ id: near(9, 1), ...local(500) }), false, 'by its id');
  assert.equal(table.wants({ id: near(9, 500), ...local(1) }), false, 'by its address');
  assert.equal(table.wants({ id: OWN, ...local(500) }), false);
  assert.equal(table.wants({ id: near(9, 500), ...local(500) }), true);
  table.answered({ id: near(9, 500), ...local(500) }, 500);
  assert.equal(table.wants({ id: near(9, 501), ...local(501) }), false);
});
