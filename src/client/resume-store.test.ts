import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { Bitfield } from '../base/bitfield.ts';
import { StorageError } from '../base/errors.ts';
import { parseInfoHash } from '../protocol/metainfo/info-hash.ts';
import type { ResumeData } from './resume-data.ts';
import { dataDirectory, ResumeStore } from './resume-store.ts';
import type { TorrentWarning } from './types.ts';

const HASH = parseInfoHash('07'.repeat(20))!;
const OTHER_HASH = parseInfoHash('08'.repeat(20))!;

function dataFor(directory: string, downloadedBytes = 0): ResumeData {
  const have = new Bitfield(9);
  have.add(3);
  return {
    infoHash: HASH,
    directory,
    have,
    stamps: [{ sizeBytes: 5, mtimeUs: 6 }],
    priorities: Uint8Array.of(0),
    uploadedBytes: 0,
    downloadedBytes,
    addedMs: 0,
  };
}

interface Fixture {
  readonly folder: string;
  readonly store: ResumeStore;
  readonly warnings: TorrentWarning[];
}

async function setUp(t: TestContext): Promise<Fixture> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-resume-'));
  t.after(() => rm(folder, { recursive: true }));
  const warnings: TorrentWarning[] = [];
  return { folder, warnings, store: new ResumeStore((warning) => warnings.push(warning), folder) };
}

async function savedFiles(folder: string): Promise<string[]> {
  return (await readdir(path.join(folder, 'resume'))).map((name) => path.join(folder, 'resume', name));
}

test('data comes back for its torrent and folder, and for no other', async (t) => {
  const { store, warnings } = await setUp(t);
  const data = dataFor('/downloads');
  assert.equal(await store.load(data.infoHash, '/downloads'), undefined);
  await store.save(data);
  assert.deepEqual(await store.load(data.infoHash, '/downloads'), data);
  assert.deepEqual(await store.load(data.infoHash, '/downloads/x/..'), data);
  assert.equal(await store.load(data.infoHash, '/elsewhere'), undefined);
  assert.equal(await store.load(OTHER_HASH, '/downloads'), undefined);
  assert.deepEqual(warnings, []);
});

test('the same torrent in two folders has two lives', async (t) => {
  const { store } = await setUp(t);
  await Promise.all([store.save(dataFor('/a', 1)), store.save(dataFor('/b', 2))]);
  await store.remove(dataFor('/a').infoHash, '/a');
  assert.equal(await store.load(dataFor('/a').infoHash, '/a'), undefined);
  assert.equal((await store.load(dataFor('/b').infoHash, '/b'))?.downloadedBytes, 2);
});

test('a relative folder is kept as the absolute one that it was', async (t) => {
  const { store } = await setUp(t);
  await store.save(dataFor('here'));
  assert.equal((await store.load(dataFor('').infoHash, path.resolve('here')))?.directory, path.resolve('here'));
});

test('saves in a row leave the last one, and nothing beside it', async (t) => {
  const { store, folder } = await setUp(t);
  await Promise.all([1, 2, 3, 4, 5].map((n) => store.save(dataFor('/d', n))));
  assert.equal((await store.load(dataFor('/d').infoHash, '/d'))?.downloadedBytes, 5);
  assert.equal((await savedFiles(folder)).length, 1);
});

test('removing what was never saved is no error, and leftovers of a killed save go too', async (t) => {
  const { store, folder } = await setUp(t);
  const { infoHash } = dataFor('/d');
  await store.remove(infoHash, '/d');
  await store.save(dataFor('/d'));
  const [file = ''] = await savedFiles(folder);
  await writeFile(`${file}.new`, 'half');
  await store.remove(infoHash, '/d');
  assert.deepEqual(await savedFiles(folder), []);
});

test('damaged data counts as absent and says so', async (t) => {
  const { store, folder, warnings } = await setUp(t);
  await store.save(dataFor('/d'));
  const [file = ''] = await savedFiles(folder);
  await truncate(file, (await readFile(file)).length - 1);
  assert.equal(await store.load(dataFor('/d').infoHash, '/d'), undefined);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['ERR_RESUME_DAMAGED'],
  );
  assert.ok(warnings[0]?.message.includes(file));
});

test('a file of another torrent under our name is not believed', async (t) => {
  const { store, folder, warnings } = await setUp(t);
  await store.save(dataFor('/d'));
  const [file = ''] = await savedFiles(folder);
  const bytes = await readFile(file);
  await store.remove(dataFor('/d').infoHash, '/d');
  await writeFile(file.replace(HASH, OTHER_HASH), bytes);
  assert.equal(await store.load(OTHER_HASH, '/d'), undefined);
  assert.equal(warnings[0]?.code, 'ERR_RESUME_DAMAGED');
});

test('a file beyond the limit is not even read', async (t) => {
  const { store, folder, warnings } = await setUp(t);
  await store.save(dataFor('/d'));
  const [file = ''] = await savedFiles(folder);
  await truncate(file, 2 ** 33);
  assert.equal(await store.load(dataFor('/d').infoHash, '/d'), undefined);
  assert.match(warnings[0]?.message ?? '', /too large/);
});

test('a pipe in the place of the resume data holds nobody up', { skip: process.platform === 'win32' }, async (t) => {
  const { store, folder, warnings } = await setUp(t);
  await store.save(dataFor('/d'));
  const [file = ''] = await savedFiles(folder);
  await rm(file);
  execFileSync('mkfifo', [file]);
  assert.equal(await store.load(dataFor('/d').infoHash, '/d'), undefined);
  assert.equal(warnings[0]?.code, 'ERR_RESUME_READ');
  await store.save(dataFor('/d'));
  assert.ok((await store.load(dataFor('/d').infoHash, '/d')) !== undefined, 'the next save replaces it');
});

test('what cannot be read counts as absent; what cannot be saved is an error that says where', async (t) => {
  const { store, folder, warnings } = await setUp(t);
  await store.save(dataFor('/d'));
  const [file = ''] = await savedFiles(folder);
  await rm(file);
  await mkdir(file);
  assert.equal(await store.load(dataFor('/d').infoHash, '/d'), undefined);
  assert.equal(warnings[0]?.code, 'ERR_RESUME_READ');
  await assert.rejects(store.save(dataFor('/d')), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.code, 'ERR_RESUME_SAVE');
    assert.ok(error.message.includes(folder));
    return true;
  });
  await chmod(file, 0o755);
  await rm(file, { recursive: true });
  await store.save(dataFor('/d'));
  assert.ok((await store.load(dataFor('/d').infoHash, '/d')) !== undefined, 'a failure does not block the next save');
});

test('a process killed while it saves leaves data that is whole', async (t) => {
  const { store, folder, warnings } = await setUp(t);
  const script = `
    const { ResumeStore } = await import(${JSON.stringify(new URL('./resume-store.js', import.meta.url).href)});
    const { Bitfield } = await import(${JSON.stringify(new URL('../base/bitfield.js', import.meta.url).href)});
    const store = new ResumeStore(() => process.exit(3), ${JSON.stringify(folder)});
    for (let n = 1; ; n++) {
      await store.save({ infoHash: '${HASH}', directory: '/d', have: new Bitfield(200_000), stamps: [],
        priorities: new Uint8Array(0), uploadedBytes: 0, downloadedBytes: n, addedMs: 0 });
      process.stdout.write(n + ' ');
    }`;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    for await (const chunk of child.stdout) {
      told += String(chunk);
      // Each round is killed a few saves later than the one before, in the middle of whatever it is at.
      if (told.split(' ').length > 2 + round * 2) break;
    }
    child.kill('SIGKILL');
    if (child.signalCode === null) await once(child, 'exit');
    const saved = await store.load(dataFor('/d').infoHash, '/d');
    const lastTold = Number(told.trim().split(' ').at(-1));
    assert.ok(saved !== undefined && saved.downloadedBytes >= lastTold, `${saved?.downloadedBytes} after ${told}`);
  }
  assert.deepEqual(warnings, []);
});

test('the data folder is the one of the environment, else one named after the program', () => {
  assert.equal(dataDirectory({ MILLRACE_DATA_DIR: '/somewhere' }), '/somewhere');
  assert.match(dataDirectory({}), /millrace/);
  assert.equal(dataDirectory({ MILLRACE_DATA_DIR: '' }), dataDirectory({}));
});
