// Magnet links through the public library: searches that end well, are given up, or need nobody.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { keptMetadata, type Magnet, type Metainfo, magnetLink, resolveSource, torrentFile } from '#src/client/index.ts';
import { metainfoPorts } from '#src/client/metainfo-ports.ts';
import { parseMetainfo } from '#src/protocol/metainfo/parse-metainfo.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

const loadBytes = (bytes: Uint8Array): Metainfo => parseMetainfo(bytes, metainfoPorts);

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

test('metadata alone is fetched without a folder, kept, and given to whoever asks again', async (t) => {
  const bench = await ClientBench.open(t);
  const tiers = [['http://127.0.0.1:9/announce']];
  const metainfo = await bench.payload('linked', FILES, { pieceBytes: 16 * 1024, tiers });
  const seed = await bench.seed(metainfo, { trackers: false });
  const client = bench.client();
  const options = { peers: [seed.address], trackers: false };
  const fetched = await within(client.fetchMetadata(magnetLink(metainfo), options), 'the metadata comes');
  assert.deepEqual([client.searches, client.torrents], [[], []]);
  assert.deepEqual(fetched.infoBytes, metainfo.infoBytes);
  assert.deepEqual([...(await bench.contents('.')).keys()].filter((file) => /linked\//.test(file)).sort(), [
    'seed/linked/a.bin',
    'seed/linked/b.bin',
  ]);
  const { comment, createdBy, creationDateSeconds, ...said } = loadBytes(torrentFile(fetched));
  assert.deepEqual(said, fetched, 'the torrent file says all that is known');

  await seed.client.close();
  assert.deepEqual(await within(client.fetchMetadata(magnetLink(metainfo)), 'nobody is asked'), fetched);
  assert.deepEqual(await keptMetadata((await resolveSource(magnetLink(metainfo))) as Magnet), fetched);
  const added = await client.add(fetched, { directory: bench.path('get'), trackers: false });
  assert.equal(await client.fetchMetadata(metainfo.infoHash), added.metainfo, 'nor when it is being shared');
  assert.equal(await client.fetchMetadata(metainfo), metainfo, 'nor when it is there');

  const enough = new AbortController();
  const nobody = client.fetchMetadata('ab'.repeat(20), { signal: enough.signal });
  const refused = assert.rejects(nobody, { message: 'enough' });
  await until(() => client.searches.length === 1, 'the search begins');
  await assert.rejects(client.fetchMetadata('ab'.repeat(20)), { code: 'ERR_CLIENT_DUPLICATE' });
  enough.abort(new Error('enough'));
  await refused;
  assert.deepEqual(client.searches, []);
});

test('files of a magnet link are chosen when they are known, and what the choice throws is the end of it', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('linked', FILES);
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const refusal = new Error('none of these');
  const refused = client.add(metainfo.infoHash, {
    ...options,
    select: () => {
      throw refusal;
    },
  });
  await assert.rejects(within(refused, 'the choice is made'), refusal);
  assert.deepEqual([client.searches, client.torrents], [[], []]);
  const torrent = await client.add(metainfo.infoHash, {
    ...options,
    select: (files) => files.flatMap(({ path }, index) => (path.endsWith('b.bin') ? [index] : [])),
    priorities: () => ({ 1: 'high' }),
  });
  assert.deepEqual(
    torrent.files().map(({ selected, priority }) => [selected, priority]),
    [
      [false, 'skip'],
      [true, 'high'],
    ],
  );
  await within(torrent.completed(), 'the file comes');
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
