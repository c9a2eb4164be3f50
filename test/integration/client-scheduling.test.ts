// Both ends take in what arrives by ticks, or by numbers: transfers over real sockets and a real disk are as exact.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Client, type Scheduling } from '#src/client/index.ts';
import { ClientBench, within } from '../support/client-bench.ts';

const FILES = { 'a.bin': 3_000_000, 'b/c.bin': 1_234_567 };

for (const scheduling of ['immediate', 'adaptive', 'tick-50', 'tick-100'] as const) {
  test(`${scheduling}: what one client has, another gets`, async (t) => {
    const bench = await ClientBench.open(t);
    const metainfo = await bench.payload('set', FILES);
    const seed = await bench.seed(metainfo, {}, { scheduling });
    const client = bench.client({ scheduling, memoryBytes: 4 * 1024 * 1024 });
    const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
    await within(torrent.completed(), 'the download completes');
    assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
    const { placedBytes, copiedBytes, wastedBytes } = client.dataPath();
    assert.equal(placedBytes + copiedBytes - wastedBytes, metainfo.totalBytes);
    await within(client.close(), 'the client closes');
  });
}

test('a scheduling that nobody knows is refused', () => {
  assert.throws(() => new Client({ scheduling: 'tick-7' as Scheduling }), { code: 'ERR_CLIENT_OPTION' });
});
