import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadIpFilter } from './ip-filter-list.ts';
import { IP_LIST_BYTES_MAX } from './limits.ts';

const LIST = 'Somebody:1.2.3.4-1.2.3.9\n001.002.003.010 - 001.002.003.020 , 000 , next to it\nwords\n2001:db8::/32\n';

async function listFile(t: test.TestContext, bytes: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-filter-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'list');
  await writeFile(file, bytes);
  return file;
}

for (const [name, pack] of [
  ['plain', Buffer.from],
  ['gzipped', gzipSync],
] as const) {
  test(`a ${name} list is read, and what it came to is told`, async (t) => {
    const { filter, report } = await loadIpFilter(await listFile(t, pack(LIST)));
    assert.deepEqual(report, { ranges: 2, skippedLines: 1, firstSkippedLine: 3, excessRanges: 0 });
    for (const host of ['1.2.3.4', '1.2.3.20', '2001:db8:1::1']) assert.ok(filter.blocks(host), host);
    for (const host of ['1.2.3.21', '2001:db9::1']) assert.ok(!filter.blocks(host), host);
  });
}

test('lines can be given as they are', async () => {
  const { filter } = await loadIpFilter(['10.0.0.0/8', '192.0.2.1']);
  assert.deepEqual(
    ['10.9.8.7', '192.0.2.1', '192.0.2.2'].map((host) => filter.blocks(host)),
    [true, true, false],
  );
});

test('an empty list blocks nobody', async (t) => {
  const { filter, report } = await loadIpFilter(await listFile(t, '# nothing yet\n'));
  assert.deepEqual([filter.size, report.skippedLines], [0, 0]);
});

test('a list of which nothing can be read is refused, and so is one that is not there or broken', async (t) => {
  const page = await listFile(t, '<html>\n<body>Please log in</body>\n');
  await assert.rejects(loadIpFilter(page), { code: 'ERR_FILTER_EMPTY', name: 'InputError' });
  await assert.rejects(loadIpFilter(path.join(page, 'nowhere')), { code: 'ERR_FILTER_READ', name: 'InputError' });
  const cut = await listFile(t, gzipSync(LIST).subarray(0, 40));
  await assert.rejects(loadIpFilter(cut), { code: 'ERR_FILTER_READ', name: 'InputError' });
});

test('a list that unpacks without end is given up', async (t) => {
  const bomb = gzipSync(Buffer.alloc(1024 * 1024, '#'));
  const file = await listFile(t, Buffer.concat(new Array<Uint8Array>(IP_LIST_BYTES_MAX / 1024 / 1024 + 1).fill(bomb)));
  await assert.rejects(loadIpFilter(file), { code: 'ERR_FILTER_TOO_LARGE', name: 'InputError' });
});
