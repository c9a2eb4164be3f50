// Magnet links through the public library: searches that end well, are given up, or need nobody.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { magnetLink } from '#src/client/index.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

const FILES = { 'a.bin': 700_000, 'b.bin': 300_000 };

test('a magnet link becomes a torrent, and is kept for the next time', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('linked', FILES, { pieceBytes: 16 * 1024 });
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const torrent = await within(
    client.add(magnetLink(metainfo), { directory: bench.path('get'), peers: [seed.address] }),
    'the metadata comes',
  );
  assert.deepEqual(client.searches, []);
  assert.deepEqual(torrent.metainfo.infoBytes, metainfo.infoBytes);
  await within(torrent.completed(), 'the download completes');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
  await client.close();
  await seed.client.close();

  const later = bench.client();
  const again = await within(later.add(metainfo.infoHash, { directory: bench.path('get') }), 'nobody is asked');
  await within(again.completed(), 'it is all there');
  await again.remove();
  const search = later.add(metainfo.infoHash, { directory: bench.path('get') });
  const refused = assert.rejects(search, { code: 'ERR_TORRENT_REMOVED' });
  await until(() => later.searches.length === 1, 'what was removed must be looked for again');
  await later.close();
  await refused;
});

test('a search can be watched, given up, and is one at a time', async (t) => {
  const bench = await ClientBench.open(t);
  const client = bench.client();
  const hash = 'ab'.repeat(20);
  const giveUp = new AbortController();
  const adding = client.add(`magnet:?xt=urn:btih:${hash}&dn=nobody+has+it`, { signal: giveUp.signal });
  adding.catch(() => undefined);
  await until(() => client.searches.length === 1, 'the search begins');
  const progress = client.searches[0]!.progress();
  assert.deepEqual(
    { ...progress, stall: progress.stall?.code },
    { infoHash: hash, name: 'nobody has it', peers: 0, sources: 0, share: 0, stall: 'no-peers' },
  );
  await assert.rejects(client.add(hash), { code: 'ERR_CLIENT_DUPLICATE' });
  giveUp.abort(new Error('enough'));
  await assert.rejects(adding, { message: 'enough' });
  assert.deepEqual(client.searches, []);
});

test('a search that is given up before it begins ends like any other, and takes nothing down with it', async (t) => {
  const bench = await ClientBench.open(t);
  const client = bench.client();
  const reason = new Error('enough');
  // A promise that is rejected and that nobody waits for would end the process: this test, too.
  await assert.rejects(client.add('ab'.repeat(20), { signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual(client.searches, []);
});

test('metadata that cannot be kept is a warning, and damaged metadata is fetched again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('linked', FILES);
  const seed = await bench.seed(metainfo);
  // A file in the place of the folder.
  await writeFile(bench.path('data'), '');
  const client = bench.client();
  const warnings: string[] = [];
  client.on('warning', ({ code }) => warnings.push(code));
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const torrent = await within(client.add(metainfo.infoHash, options), 'the metadata comes all the same');
  await within(torrent.completed(), 'the download completes');
  assert.ok(warnings.includes('ERR_METADATA_SAVE'));
});
