import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { InputError, SourceError } from '../base/errors.ts';
import { encodeMetainfo } from '../protocol/metainfo/encode-metainfo.ts';
import { loadSource, resolveSource } from './source.ts';

const HASH = '0123456789abcdef0123456789abcdef01234567';

const TORRENT = encodeMetainfo({
  name: 'example',
  content: 5,
  pieceBytes: 16_384,
  pieceHashes: new Uint8Array(20),
});

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-source-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

async function refused(source: string, kind: typeof InputError | typeof SourceError, code: string, words: RegExp) {
  await assert.rejects(loadSource(source), (error) => {
    assert.ok(error instanceof kind, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  });
}

test('a path and a file URL both load the torrent file', async (t) => {
  const file = path.join(await folder(t), 'x y.torrent');
  await writeFile(file, TORRENT);
  assert.equal((await loadSource(file)).name, 'example');
  assert.equal((await loadSource(pathToFileURL(file).href)).name, 'example');
});

test('a web address loads the torrent file; a page in its place is a failure of the server', async (t) => {
  const server = createServer((request, response) => response.end(request.url === '/x' ? TORRENT : '<html>log in'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal((await loadSource(`${base}/x`)).name, 'example');
  await refused(
    `${base}/y?passkey=1`,
    SourceError,
    'ERR_SOURCE_NOT_TORRENT',
    /\/y gave no torrent file: .* an HTML page$/,
  );
});

test('a magnet link or info hash is resolved to what it says; a file of that name is a file', async (t) => {
  for (const source of [`magnet:?xt=urn:btih:${HASH}`, HASH, HASH.toUpperCase()]) {
    assert.equal((await resolveSource(source)).infoHash, HASH);
    await refused(source, InputError, 'ERR_MAGNET_METADATA', /needs the .torrent file/);
  }
  await refused('magnet:?dn=nothing', InputError, 'ERR_MAGNET_INFO_HASH', /no usable info hash/);
  const file = path.join(await folder(t), HASH);
  await writeFile(file, TORRENT);
  assert.equal((await loadSource(path.relative('.', file))).name, 'example');
});

test('what is no torrent file is told by what it looks like, with its path', async (t) => {
  const directory = await folder(t);
  const file = path.join(directory, 'x.torrent');
  await writeFile(file, '<!doctype html><p>404');
  await refused(file, InputError, 'ERR_SOURCE_NOT_TORRENT', /x\.torrent is not a torrent file: .* an HTML page$/);
  await writeFile(file, TORRENT.subarray(0, 50));
  await refused(file, InputError, 'ERR_BENCODE_TRUNCATED', /x\.torrent: /);
  await writeFile(file, 'd3:foo3:bare');
  await refused(file, InputError, 'ERR_METAINFO_INFO', /x\.torrent: /);
  await mkdir(path.join(directory, 'folder'));
  await refused(path.join(directory, 'folder'), InputError, 'ERR_SOURCE_NOT_A_FILE', /is a folder/);
  await refused(path.join(directory, 'none'), InputError, 'ERR_SOURCE_NOT_FOUND', /no file/);
});

test('addresses that cannot be fetched are told', async () => {
  await refused('ftp://example.org/x.torrent', InputError, 'ERR_SOURCE_URL', /only http and https/);
  await refused('http://exa mple/x', InputError, 'ERR_SOURCE_URL', /not a valid address/);
  await refused('file://elsewhere/x', InputError, 'ERR_SOURCE_URL', /not a valid address/);
});

test('an aborted load rejects with the reason of its signal, also while nothing comes', async (t) => {
  const reason = new Error('enough');
  await assert.rejects(loadSource('x.torrent', { signal: AbortSignal.abort(reason) }), reason);
  const pipe = path.join(await folder(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const given = new AbortController();
  const load = loadSource(pipe, { signal: given.signal });
  given.abort(reason);
  await assert.rejects(load, reason);
  // Lets go of the reader.
  await writeFile(pipe, '');
});
