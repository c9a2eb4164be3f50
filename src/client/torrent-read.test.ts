import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { InputError } from '../base/errors.ts';
import { TORRENT_FILE_BYTES_MAX } from './limits.ts';
import { readTorrentFile } from './torrent-read.ts';

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-read-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

function refused(code: string, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof InputError);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };
}

test('a file comes back whole', async (t) => {
  const file = path.join(await folder(t), 'x.torrent');
  const bytes = new Uint8Array(200_000).map((_, i) => i * 7);
  await writeFile(file, bytes);
  assert.deepEqual(await readTorrentFile(file), bytes);
});

test('a file that grows after it was measured is read to its end', async () => {
  const bytes = await readTorrentFile('/proc/self/status'); // Linux says 0 bytes of it.
  assert.match(Buffer.from(bytes).toString(), /^Name:/);
});

test('what cannot be read is named with its cause', async (t) => {
  const directory = await folder(t);
  await assert.rejects(
    readTorrentFile(path.join(directory, 'no')),
    refused('ERR_SOURCE_NOT_FOUND', /there is no file .*no$/),
  );
  await assert.rejects(readTorrentFile(directory), refused('ERR_SOURCE_NOT_A_FILE', /is a folder/));
  await writeFile(path.join(directory, 'file'), 'x');
  const below = path.join(directory, 'file', 'x.torrent');
  await assert.rejects(readTorrentFile(below), refused('ERR_SOURCE_NOT_FOUND', /there is no file/));
  await assert.rejects(readTorrentFile('a\0b'), refused('ERR_SOURCE_UNREADABLE', /cannot read/));
});

test('a file over the cap is refused by its size, unread', async (t) => {
  const file = path.join(await folder(t), 'huge');
  const handle = await open(file, 'w');
  await handle.truncate(TORRENT_FILE_BYTES_MAX + 1);
  await handle.close();
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(readTorrentFile(file), refused('ERR_SOURCE_TOO_LARGE', /larger than 64 MiB/));
  assert.ok(process.memoryUsage().arrayBuffers - before < TORRENT_FILE_BYTES_MAX / 2);
});

test('an endless file is given up at the cap', async () => {
  await assert.rejects(readTorrentFile('/dev/zero'), refused('ERR_SOURCE_TOO_LARGE', /larger than 64 MiB/));
});
