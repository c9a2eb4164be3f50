// A thousand strangers that wish both ends of an honest download ill: it gets every byte, and they hold a bounded number of
// connections.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { STRANGERS_MAX } from '#src/engine/session/limits.ts';
import { HostileCrowd } from '#src/testing/peers/hostile-crowd.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

const CROWD = 1000;
const PEERS_MAX = 60;
const PIECE = 128 * 1024;
const FILES = { 'a.bin': 160 * PIECE + 5 };
const MEMORY_BYTES: number = 4 * 1024 * 1024;
/** Files, listeners, workers, and connections whose end is on its way. */
const OTHER_DESCRIPTORS = 100;

async function descriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

test('with a thousand hostile strangers at its two ends, a download gets every byte', {
  timeout: 90_000,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('besieged', FILES, { pieceBytes: PIECE });
  const options = { peersMax: PEERS_MAX, memoryBytes: MEMORY_BYTES };
  const seed = await bench.seed(metainfo, {}, options);
  const client = bench.client(options);
  const address = (await client.listen())!;
  const torrent = await client.add(metainfo, {
    directory: bench.path('get'),
    peers: [seed.address],
    downloadBytesPerSecond: 256 * 1024,
  });
  await until(() => torrent.progress().bytesDone > 0, 'the honest download has begun');
  const before = await descriptors();
  const infoHash = Buffer.from(metainfo.infoHash, 'hex');
  const crowds = [seed.address, address].map((to) => new HostileCrowd(to, infoHash, CROWD / 2));
  t.after(() => {
    for (const crowd of crowds) crowd.close();
  });
  const inCrowds = (): number => crowds.reduce((sum, { size }) => sum + size, 0);
  await within(Promise.all(crowds.map(({ gathered }) => gathered)), 'a thousand strangers', 40_000);
  // Two clients with their bounds; who was shown out a moment ago is on its way, and who is refused comes back.
  const bound = crowds.length * (PEERS_MAX + STRANGERS_MAX);
  await until(() => inCrowds() <= bound + OTHER_DESCRIPTORS, 'those beyond the bounds are shown out');
  for (const { torrents } of [seed.client, client])
    assert.ok(torrents[0]!.progress().peers <= PEERS_MAX, `${torrents[0]!.progress().peers} peers`);
  // The crowd's own ends are in this process, too.
  const added = (await descriptors()) - before;
  assert.ok(added <= 2 * (bound + OTHER_DESCRIPTORS), `${added} descriptors more`);
  torrent.limit({ downloadBytesPerSecond: 0 });
  await within(torrent.completed(), 'the honest download ends', 60_000);
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
  for (const { farewells } of crowds) assert.ok(farewells >= CROWD / 4, `${farewells} strangers were shown out`);
});
