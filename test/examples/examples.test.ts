// The examples, run as a reader would run them: as programs in a clone that import the package by its name. They meet
// through a tracker; `seed.mjs` feeds those that download. What they leave on disk is compared with what was shared.
import assert from 'node:assert/strict';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, createTorrent, loadSource, magnetLink } from '#src/client/index.ts';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { pauseMs, within } from '../support/deadline.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 30_000;
const FILES: readonly (readonly [string, number])[] = [
  ['album/cover.txt', 50_000],
  ['album/songs/one.bin', 1_500_000],
  ['album/songs/two.bin', 700_000],
];
const TOTAL_BYTES = 2_250_000;
const PIECE_BYTES = 65_536;
const PIECES = Math.ceil(TOTAL_BYTES / PIECE_BYTES);

const tracker = new HttpTracker();
let workspace: Workspace;
let clean: () => Promise<void>;
let shared = '';
let torrent = '';
let seeder: Program;

before(async () => {
  workspace = await Workspace.open({
    after: (cleanUp) => {
      clean = cleanUp;
    },
  });
  shared = await workspace.folder('shared');
  for (const [at, [name, length]] of FILES.entries()) {
    const file = path.join(shared, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, patterned(length, at + 1));
  }
  await tracker.listen();
  const options = { pieceBytes: PIECE_BYTES, tiers: [[tracker.announceUrl]] };
  torrent = path.join(workspace.path, 'album.torrent');
  await writeFile(torrent, (await createTorrent(path.join(shared, 'album'), options)).bytes);
  seeder = start('seed.mjs', torrent, shared);
  await seeder.find((line) => /^seeding album on port \d+;/.test(line) || undefined, TIMEOUT_MS, 'the seeder');
  await announced(1);
});
after(async () => {
  await clean();
  await tracker.close();
});

/** Bytes that differ from piece to piece. */
function patterned(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * seed) & 0xff);
}

function start(example: string, ...args: readonly string[]): Program {
  const file = path.join(repository, 'examples', example);
  const env = { MILLRACE_DATA_DIR: path.join(workspace.path, 'data', path.parse(example).name) };
  return workspace.own(new Program(process.execPath, [file, ...args], env));
}

/** Runs an example to its end; answers with what it wrote. */
async function run(status: number, example: string, ...args: readonly string[]): Promise<string> {
  const program = start(example, ...args);
  const { code } = await program.wait(TIMEOUT_MS);
  const output = `${program.output.text}\n${program.errors.text}`;
  assert.equal(code, status, output);
  assert.doesNotMatch(output, /undefined|NaN|\[object/);
  return output;
}

/** The tracker has no events: it is asked until it has heard `count` announces. */
async function announced(count: number): Promise<void> {
  const asked = async (): Promise<void> => {
    while (tracker.announces.length < count) await pauseMs(10);
  };
  await within(asked(), TIMEOUT_MS, `announce ${count}`);
}

async function assertShared(directory: string): Promise<void> {
  for (const [name] of FILES) {
    const [sent, came] = await Promise.all([readFile(path.join(shared, name)), readFile(path.join(directory, name))]);
    assert.ok(sent.equals(came), name);
  }
}

test('download.mjs downloads everything', async () => {
  const directory = await workspace.folder('download');
  const output = await run(0, 'download.mjs', torrent, directory);
  assert.match(output, /^album: 2250000 bytes in 3 files$/m);
  assert.match(output, /^100\.0 %/m);
  await assertShared(directory);
});

test('download.mjs says in one line what is wrong, and ends', async () => {
  const output = await run(1, 'download.mjs', path.join(shared, 'album', 'cover.txt'), workspace.path);
  assert.match(output, /^ERR_\w+ .*cover\.txt/m);
});

test('select-files.mjs downloads what was chosen', async () => {
  const directory = await workspace.folder('selection');
  const output = await run(0, 'select-files.mjs', torrent, directory, 'two');
  assert.match(output, /^- album\/songs\/one\.bin 1500000\n\+ album\/songs\/two\.bin 700000$/m);
  assert.match(output, /^album\/songs\/two\.bin: 700000 of 700000 bytes$/m);
  const [name] = FILES[2]!;
  assert.deepEqual(await readFile(path.join(directory, name)), await readFile(path.join(shared, name)));
  await assert.rejects(access(path.join(directory, 'album', 'cover.txt')), { code: 'ENOENT' });
});

test('look-into-magnet.mjs shows the files and writes the torrent file', async () => {
  const written = path.join(workspace.path, 'written.torrent');
  const metainfo = await loadSource(torrent);
  const output = await run(0, 'look-into-magnet.mjs', magnetLink(metainfo), written);
  assert.match(output, /^0 album\/cover\.txt 50000\n1 album\/songs\/one\.bin 1500000\n2 /m);
  const { tiers, ...again } = await loadSource(written);
  assert.deepEqual(
    [again.infoHash, again.infoBytes, tiers],
    [metainfo.infoHash, metainfo.infoBytes, [[tracker.announceUrl]]],
  );
});

test('pause-and-resume.mjs stops in the middle, goes on, and finds all of it again', async () => {
  const directory = await workspace.folder('pauses');
  const output = await run(0, 'pause-and-resume.mjs', torrent, directory);
  const [, done, wanted, peers] = /^(\d+) of (\d+) pieces, (\d+) peers$/m.exec(output)!.map(Number);
  assert.ok(done! >= 1 && done! < PIECES, output);
  assert.deepEqual([wanted, peers], [PIECES, 0]);
  assert.match(output, /^downloading\npaused\n.*\ndownloading\nseeding\nremoved$/m);
  assert.match(output, new RegExp(`^${PIECES} pieces were there, 0 bytes came in$`, 'm'));
  await assertShared(directory);
  const resume = path.join(workspace.path, 'data', 'pause-and-resume', 'resume');
  assert.deepEqual(await readdir(resume), [], 'resume data was not forgotten');
});

test('watch-peers.mjs names the seeder and what became of its bytes', async () => {
  const directory = await workspace.folder('watching');
  const output = await run(0, 'watch-peers.mjs', torrent, directory);
  // By whatever address it was found first: the tracker names one, the own network (BEP 14) another.
  assert.match(output, /'[^']+:\d+'.*millrace\/.*100 %/);
  const [, placed, copied] = /^(\d+) bytes placed by their sockets, (\d+) copied once, \d+ wasted$/m.exec(output)!;
  assert.ok(Number(placed) + Number(copied) >= TOTAL_BYTES, output);
  await assertShared(directory);
});

test('play.mjs writes the longest file, and only that, to its output', async () => {
  const directory = await workspace.folder('playing');
  const program = start('play.mjs', torrent, directory);
  assert.equal((await program.wait(TIMEOUT_MS)).code, 0);
  assert.match(program.errors.text, /^playing album\/songs\/one\.bin, 1500000 bytes$/m);
  assert.match(program.errors.text, new RegExp(`^played, \\d+ of ${PIECES} pieces are there$`, 'm'));
});

test('verify.mjs tells right files from broken ones by its status, too', async () => {
  assert.match(await run(0, 'verify.mjs', torrent, shared), /^ok {6}album\/cover\.txt 50000 of 50000 bytes$/m);
  const copy = await workspace.folder('broken', 'album', 'songs');
  await writeFile(path.join(copy, 'one.bin'), await readFile(path.join(shared, 'album', 'songs', 'one.bin')));
  const output = await run(1, 'verify.mjs', torrent, path.join(workspace.path, 'broken'));
  assert.match(output, /^broken {2}album\/cover\.txt 0 of 50000 bytes$/m);
  assert.match(output, /^piece 0 is missing or wrong$/m);
});

test('create-and-share.mjs makes a torrent that others can download, and ends when one has', async () => {
  const own = await workspace.folder('own');
  await writeFile(path.join(own, 'film.bin'), patterned(1_000_000, 9));
  const known = tracker.announces.length;
  const sharer = start('create-and-share.mjs', path.join(own, 'film.bin'), tracker.announceUrl);
  await announced(known + 1);
  const directory = await workspace.folder('film');
  await run(0, 'download.mjs', path.join(own, 'film.bin.torrent'), directory);
  assert.equal((await sharer.wait(TIMEOUT_MS)).code, 0);
  const output = sharer.output.text;
  assert.match(output, /^magnet:\?xt=urn:btih:[0-9a-f]{40}&dn=film\.bin&tr=http%3A/m);
  assert.match(output, /^sent \d+ bytes: there is another copy now$/m);
  assert.deepEqual(await readFile(path.join(directory, 'film.bin')), await readFile(path.join(own, 'film.bin')));
});

test('seed.mjs refuses files that are not complete', async () => {
  const output = await run(1, 'seed.mjs', torrent, await workspace.folder('nothing'));
  assert.match(output, new RegExp(`only 0 of ${PIECES} pieces are there`));
});

test('seed.mjs ends at Ctrl-C and says what it sent', async () => {
  seeder.signal('SIGINT');
  assert.deepEqual(await seeder.wait(TIMEOUT_MS), { code: 0, signal: null });
  const sent = seeder.output.past((line) => /^sent (\d+) bytes$/.exec(line)?.[1]);
  assert.ok(Number(sent) > TOTAL_BYTES, `sent ${sent}`);
});

test('dht.mjs stores a note that can be read, and hears of torrents', async () => {
  process.env['MILLRACE_DATA_DIR'] = path.join(workspace.path, 'data', 'node');
  const node = new Client({ listen: { host: '127.0.0.1', port: 0 }, lsd: false, dht: { nodes: [] } });
  try {
    await node.add(torrent, { directory: shared });
    const output = await run(0, 'dht.mjs', 'hello', `127.0.0.1:${(await node.listen())!.port}`);
    assert.match(output, /^joined: 1 nodes over IPv4/m);
    assert.match(output, /^1 nodes store it; it can be had by [0-9a-f]{40}$/m);
    assert.match(output, /^found number 1: 5:hello$/m);
    assert.match(output, /^127\.0\.0\.1 has \d torrents/m);
    assert.match(output, /^1 of 1 nodes told$/m);
  } finally {
    await node.close();
    delete process.env['MILLRACE_DATA_DIR'];
  }
});

test('swarm.mjs plays the same swarm for the same number, and all are complete', async () => {
  const output = await run(0, 'swarm.mjs', '7');
  assert.match(output, /^\d+ hosts, the last of them complete after [\d.]+ s$/m);
  assert.equal(await run(0, 'swarm.mjs', '7'), output);
  assert.notEqual(await run(0, 'swarm.mjs', '8'), output);
});

test('every example is run here, and short enough to be read at once', async () => {
  const text = await readFile(path.join(repository, 'test', 'examples', 'examples.test.ts'), 'utf8');
  const names = await readdir(path.join(repository, 'examples'));
  for (const name of names) {
    assert.ok(text.includes(`'${name}'`), `${name} is not run`);
    const lines = (await readFile(path.join(repository, 'examples', name), 'utf8')).trimEnd().split('\n');
    assert.ok(lines.length <= 40, `${name} has ${lines.length} lines`);
  }
  assert.ok(names.length >= 7);
});
