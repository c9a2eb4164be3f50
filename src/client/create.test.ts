import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, rmSync, truncateSync, utimesSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { InputError, StorageError } from '../base/errors.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { type CreatedTorrent, createTorrent } from './create.ts';
import type { CreateProgress } from './create-options.ts';
import { verifyFiles } from './verify.ts';

const PIECE_BYTES = 16_384;

const random = new SeededRandom(7);
function payload(length: number): Uint8Array {
  return new Uint8Array(length).map(() => random.next() * 256);
}

async function folder(t: TestContext, files: Record<string, Uint8Array> = {}): Promise<string> {
  const parent = await mkdtemp(path.join(tmpdir(), 'millrace-create-'));
  t.after(() => rm(parent, { recursive: true }));
  const directory = path.join(parent, 'share');
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.join(directory, path.dirname(name)), { recursive: true });
    await writeFile(path.join(directory, name), content);
  }
  return directory;
}

/** The piece hashes by the book: all files joined, cut and hashed. */
function expectedHashes(files: readonly Uint8Array[], pieceBytes: number): Uint8Array {
  const joined = Buffer.concat(files);
  const hashes: Buffer[] = [];
  for (let start = 0; start < joined.length; start += pieceBytes) {
    hashes.push(
      createHash('sha1')
        .update(joined.subarray(start, start + pieceBytes))
        .digest(),
    );
  }
  return new Uint8Array(Buffer.concat(hashes));
}

function hexOfInfo({ metainfo }: CreatedTorrent): string {
  return createHash('sha1').update(metainfo.infoBytes).digest('hex');
}

test('a folder becomes a torrent that its own files satisfy, pieces across files included', async (t) => {
  const files = { '.hidden': payload(10), 'a/1': payload(40_000), 'a/2': payload(0), b: payload(30_001) };
  const directory = await folder(t, files);
  const created = await createTorrent(directory, { pieceBytes: PIECE_BYTES });
  const { metainfo } = created;
  assert.equal(metainfo.name, 'share');
  assert.deepEqual(
    metainfo.files.map((file) => [file.path, file.length]),
    Object.entries(files).map(([name, content]) => [`share/${name}`, content.length]),
  );
  assert.deepEqual(metainfo.pieceHashes, expectedHashes(Object.values(files), PIECE_BYTES));
  assert.equal(metainfo.infoHash, hexOfInfo(created));
  assert.deepEqual(created.warnings, []);

  const result = await verifyFiles(metainfo, path.dirname(directory));
  assert.equal(result.piecesOk, 5);
  assert.deepEqual(
    result.files.map((file) => file.bytesOk),
    Object.values(files).map((content) => content.length),
  );
});

test('a single file becomes a single-file torrent, also through a link', async (t) => {
  const content = payload(50_000);
  const directory = await folder(t, { one: content });
  await symlink('one', path.join(directory, 'link'));
  const { metainfo } = await createTorrent(path.join(directory, 'one'), { pieceBytes: PIECE_BYTES });
  assert.deepEqual(
    metainfo.files.map((file) => [file.path, file.length]),
    [['one', 50_000]],
  );
  assert.deepEqual(metainfo.pieceHashes, expectedHashes([content], PIECE_BYTES));
  const linked = await createTorrent(path.join(directory, 'link'), { pieceBytes: PIECE_BYTES });
  assert.equal(linked.metainfo.name, 'link');
  assert.deepEqual(linked.metainfo.pieceHashes, metainfo.pieceHashes);
});

test('what was asked for is what the torrent says', async (t) => {
  const directory = await folder(t, { one: payload(100) });
  const { metainfo } = await createTorrent(directory, {
    name: 'other',
    tiers: [['http://a/announce'], ['udp://b:1/announce', 'udp://c:1/announce']],
    webSeeds: ['http://w/'],
    private: true,
    comment: 'grüß dich',
    source: 'club',
  });
  assert.equal(metainfo.name, 'other');
  assert.deepEqual(metainfo.tiers, [['http://a/announce'], ['udp://b:1/announce', 'udp://c:1/announce']]);
  assert.deepEqual(metainfo.webSeeds, ['http://w/']);
  assert.equal(metainfo.private, true);
  assert.equal(metainfo.comment, 'grüß dich');
  assert.equal(metainfo.source, 'club');
  assert.equal(metainfo.pieceBytes, PIECE_BYTES);
  assert.match(metainfo.createdBy ?? '', /^Millrace \d/);
  assert.ok(Math.abs((metainfo.creationDateSeconds ?? 0) - Date.now() / 1000) < 60);
});

test('the same files give the same info hash, wherever and whenever', async (t) => {
  const files = { a: payload(20_000), b: payload(5) };
  const first = await createTorrent(await folder(t, files));
  const second = await createTorrent(await folder(t, files), { comment: 'another' });
  assert.equal(first.metainfo.infoHash, second.metainfo.infoHash);
});

test('progress rises to the number of pieces', async (t) => {
  const seen: CreateProgress[] = [];
  const directory = await folder(t, { one: payload(100_000) });
  await createTorrent(directory, { pieceBytes: PIECE_BYTES, onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(seen.at(-1), { piecesDone: 7, pieceCount: 7, totalBytes: 100_000 });
  seen.reduce((before, now) => {
    assert.ok(now.piecesDone >= before.piecesDone);
    return now;
  });
});

test('links that were left out and names that will be changed are told', async (t) => {
  const directory = await folder(t, { 'a\u200bb': payload(5), c: payload(5) });
  await symlink('c', path.join(directory, 'd'));
  const { warnings, metainfo } = await createTorrent(directory);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['ERR_CREATE_LINK_SKIPPED', 'ERR_CREATE_RENAMED'],
  );
  assert.ok(warnings[0]?.message.includes(path.join(directory, 'd')));
  assert.deepEqual(
    metainfo.files.map((file) => file.path),
    ['share/ab', 'share/c'],
  );
});

test('a name that is a path elsewhere is refused', async (t) => {
  const directory = await folder(t, { 'a\\b': payload(5) });
  await assert.rejects(createTorrent(directory), (error) => {
    assert.ok(error instanceof InputError);
    assert.equal(error.code, 'ERR_CREATE_NAME');
    return true;
  });
});

/** Changes a file as soon as the first pieces are hashed, and expects that this is noticed. */
async function changedWhileHashed(t: TestContext, change: (file: string) => void): Promise<void> {
  const directory = await folder(t, { a: payload(5), b: payload(3_000_000) });
  const file = path.join(directory, 'b');
  let changed = false;
  const onProgress = (): void => {
    if (!changed) change(file);
    changed = true;
  };
  const creating = createTorrent(directory, { pieceBytes: PIECE_BYTES, onProgress });
  await assert.rejects(creating, (error) => {
    assert.ok(error instanceof StorageError, String(error));
    assert.equal(error.code, 'ERR_CREATE_CHANGED');
    assert.ok(error.message.includes(file));
    return true;
  });
  assert.ok(changed);
}

test('a file that changes while it is hashed is noticed: grown, cut, removed, or rewritten in place', async (t) => {
  await changedWhileHashed(t, (file) => appendFileSync(file, 'x'));
  await changedWhileHashed(t, (file) => truncateSync(file, 1_000_000));
  await changedWhileHashed(t, (file) => rmSync(file));
  await changedWhileHashed(t, (file) => utimesSync(file, 1, 1));
});

test('an aborted creation rejects with the reason of its signal', async (t) => {
  const directory = await folder(t, { one: payload(3_000_000) });
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = (): void => controller.abort(reason);
  await assert.rejects(
    createTorrent(directory, { pieceBytes: PIECE_BYTES, signal: controller.signal, onProgress }),
    reason,
  );
});
