// A torrent that Millrace makes must have the info hash that others give to the same files: else the same data could
// not be shared between their users.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { createTorrent } from '#src/client/create.ts';
import { loadSource } from '#src/client/source.ts';

const PIECE_BYTES = 64 * 1024;

/** Deterministic noise: a failure here can be looked at again. */
function noise(seed: string, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 64 < length; i++) blocks.push(createHash('sha512').update(`${seed} ${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

async function share(t: TestContext, names: readonly string[], empty?: string): Promise<string> {
  const parent = await mkdtemp(path.join(tmpdir(), 'millrace-others-'));
  t.after(() => rm(parent, { recursive: true }));
  const directory = path.join(parent, 'share');
  for (const [index, name] of names.entries()) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), noise(name, name === empty ? 0 : 50_000 * index + 77));
  }
  return directory;
}

/** Runs a program; `undefined` when it is not installed. */
function run(program: string, parameters: readonly string[]): string | undefined {
  const done = spawnSync(program, parameters, { encoding: 'utf8' });
  if (done.error !== undefined) return undefined;
  assert.equal(done.status, 0, `${program}: ${done.stderr}`);
  return done.stdout;
}

// Transmission leaves out empty files and sorts whole paths without regard to case; these names are in the same order
// in its way and in ours.
const PLAIN_NAMES = ['a', 'b/c/d', 'b/f', 'k l', 'z.bin'];

for (const part of ['', PLAIN_NAMES[1]!]) {
  test(`transmission-create gives ${part === '' ? 'a folder' : 'a file'} the same info hash`, async (t) => {
    const source = path.join(await share(t, PLAIN_NAMES), part);
    const output = path.join(path.dirname(source), '..', `${t.name.length}.torrent`);
    t.after(() => rm(output, { force: true }));
    // Only private torrents can be compared: Transmission also writes `private` where it is 0, which others leave out.
    const flags = ['-p', '-t', 'http://127.0.0.1/announce', '-s', String(PIECE_BYTES / 1024), '-o', output, source];
    if (run('transmission-create', flags) === undefined) return t.skip('transmission-create is not installed');
    const theirs = await loadSource(output);
    const ours = await createTorrent(source, { pieceBytes: PIECE_BYTES, private: true });
    assert.deepEqual(ours.metainfo.files, theirs.files);
    assert.equal(ours.metainfo.infoHash, theirs.infoHash);
    return undefined;
  });
}

const LIBTORRENT = `
import hashlib, os, sys
try:
    import libtorrent as lt
except ImportError:
    print('absent')
    sys.exit(0)
parent, piece_bytes, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
storage = lt.file_storage()
for name in names:
    storage.add_file(name, os.path.getsize(os.path.join(parent, name)))
torrent = lt.create_torrent(storage, piece_bytes, lt.create_torrent.v1_only)
lt.set_piece_hashes(torrent, parent)
print(hashlib.sha1(lt.bencode(torrent.generate()[b'info'])).hexdigest())
`;

test('libtorrent gives the same files in the same order the same info hash', async (t) => {
  const directory = await share(t, ['.hidden', 'B', 'a/b', 'a-b', 'grüße', 'w x y/z'], 'B');
  const { metainfo } = await createTorrent(directory, { pieceBytes: PIECE_BYTES });
  const names = metainfo.files.map((file) => file.path);
  assert.equal(names.length, 6);
  const parameters = ['-c', LIBTORRENT, path.dirname(directory), String(PIECE_BYTES), ...names];
  // The system's own Python: libtorrent's bindings come as a package of the system.
  const theirs = run('/usr/bin/python3', parameters)?.trim() ?? 'absent';
  if (theirs === 'absent') return t.skip('libtorrent for Python is not installed');
  assert.equal(metainfo.infoHash, theirs);
  return undefined;
});
