// A client that is closed stays closed, and what is asked of its torrents afterwards has an answer.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Client } from './client.ts';
import { createTorrent } from './create.ts';

test('after close, adding is refused and waiting for completion ends', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-closed-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  process.env['MILLRACE_DATA_DIR'] = directory;
  const file = path.join(directory, 'payload.bin');
  await writeFile(file, new Uint8Array(50_000).fill(3));
  const { bytes } = await createTorrent(file);
  await rm(file);
  const client = new Client({ listen: false });
  const torrent = await client.add(bytes, { directory, trackers: false });
  await client.close();
  await assert.rejects(torrent.completed(AbortSignal.timeout(1000)), { code: 'ERR_TORRENT_REMOVED' });
  await assert.rejects(client.add(bytes, { directory }), { code: 'ERR_CLIENT_CLOSED' });
});
