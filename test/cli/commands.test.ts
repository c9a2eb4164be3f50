// The commands one after another as a user runs them: create, info, verify, seed, get, interrupted and continued.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, test } from 'node:test';
import { eventsOf, MAIN, type Run, runMillrace } from './run-millrace.ts';

const FILES: [string, number][] = [
  ['one.bin', 5_000_000],
  ['ünder/wörld/two.bin', 70_000],
  ['empty', 0],
];

let folder = '';
const running = new Set<ChildProcess>();

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-commands-'));
  process.env['MILLRACE_DATA_DIR'] = path.join(folder, 'data');
  for (const [name, length] of FILES) {
    const file = path.join(folder, 'payload', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, randomBytes(length));
  }
  const args = ['create', 'payload', '--piece-length', '32KiB', '--comment', 'a comment', '--json'];
  const created = await runMillrace(args, folder);
  assert.equal(created.exitCode, 0, created.stderr);
});
afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  running.clear();
});
after(() => rm(folder, { recursive: true, force: true }));

function run(...args: string[]): Promise<Run> {
  return runMillrace(args, folder);
}

/** Starts a command and resolves with its first event of a kind. */
async function start(kind: string, ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const events: Record<string, unknown>[] = [];
  const lines = createInterface({ input: child.stdout });
  const event = new Promise<Record<string, unknown>>((resolve, reject) => {
    lines.on('line', (line) => {
      const parsed = JSON.parse(line);
      events.push(parsed);
      if (parsed.event === kind) resolve(parsed);
    });
    lines.on('close', () => reject(new Error(`ended without ${kind}: ${JSON.stringify(events)}`)));
  });
  return { child, events, event: await event };
}

async function interrupt(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  await once(child, 'close');
  running.delete(child);
  return child.exitCode;
}

async function assertSamePayload(directory: string): Promise<void> {
  for (const [name] of FILES) {
    const [expected, actual] = await Promise.all([
      readFile(path.join(folder, 'payload', name)),
      readFile(path.join(folder, directory, 'payload', name)),
    ]);
    assert.ok(expected.equals(actual), name);
  }
}

test('create refuses to replace its output, info shows what it made', async () => {
  const again = await run('create', 'payload');
  assert.equal(again.exitCode, 2);
  assert.match(again.stderr, /^millrace: "payload\.torrent" exists/);

  const [info] = eventsOf(await run('info', 'payload.torrent', '--json'));
  assert.equal(info!['name'], 'payload');
  assert.equal(info!['pieceBytes'], 32_768);
  assert.equal(info!['comment'], 'a comment');
  const { stdout, exitCode } = await run('info', 'payload.torrent');
  assert.equal(exitCode, 0);
  assert.match(stdout, /wörld\//);
  assert.match(stdout, /4\.77 MiB +one\.bin/);
});

test('create asks first whether its output can be written: nobody waits for the hashing to be told', async () => {
  for (const [output, reason] of [
    ['nowhere/x.torrent', /there is no such folder/],
    ['payload', /exists/],
  ] as const) {
    const { exitCode, stdout, stderr } = await run('create', 'payload', '-o', output);
    assert.deepEqual([exitCode, stdout], [2, ''], 'nothing was hashed');
    assert.match(stderr, reason);
  }
});

test('seed says that its port is taken before it verifies', async () => {
  const { event, child } = await start('listening', 'seed', 'payload.torrent', '-d', '.', '--listen', '127.0.0.1:0');
  const { exitCode, stdout, stderr } = await run(
    'seed',
    'payload.torrent',
    '-d',
    '.',
    '--listen',
    String(event['address']),
  );
  assert.deepEqual([exitCode, stdout], [2, '']);
  assert.match(stderr, /cannot listen on 127\.0\.0\.1:\d+: another program listens there/);
  child.kill();
});

test('output that cannot be written is a failure in one sentence', { skip: process.platform !== 'linux' }, async () => {
  const full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, 'create', 'payload', '-o', '-'], {
    cwd: folder,
    stdio: ['ignore', full.fd, 'pipe'],
  });
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child, 'close');
  await full.close();
  assert.equal(child.exitCode, 1);
  assert.match(stderr, /millrace: cannot write the output: the disk is full\n$/);
});

test('create -o - writes nothing but the torrent to standard output', async () => {
  const { stdout, exitCode } = await run('create', 'payload', '-o', '-');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^d1?\d?.*e$/s);
  assert.match(stdout, /^d\d+:/);
});

test('verify notices one wrong byte and tells the file', async () => {
  assert.equal((await run('verify', 'payload.torrent', '-d', '.')).exitCode, 0);
  await mkdir(path.join(folder, 'damaged', 'payload', 'ünder', 'wörld'), { recursive: true });
  for (const [name] of FILES) {
    await writeFile(path.join(folder, 'damaged', 'payload', name), await readFile(path.join(folder, 'payload', name)));
  }
  const file = await open(path.join(folder, 'damaged', 'payload', 'one.bin'), 'r+');
  await file.write(Buffer.from([1, 2, 3]), 0, 3, 2_000_000);
  await file.close();
  const damaged = await run('verify', 'payload.torrent', '-d', 'damaged');
  assert.equal(damaged.exitCode, 1);
  assert.match(damaged.stdout, /99\.\d %.*one\.bin/);
  assert.match(damaged.stderr, /^millrace: the files are not complete: \d+ of \d+ pieces match; .*\n$/);
  const seeding = await run('seed', 'payload.torrent', '-d', 'damaged');
  assert.equal(seeding.exitCode, 1);
});

test('get downloads from seed, and again finds everything there', async () => {
  const seed = await start('listening', 'seed', 'payload.torrent', '-d', '.', '--listen', '127.0.0.1:0');
  const args = [
    'get',
    'payload.torrent',
    '-o',
    'got',
    '--listen',
    '127.0.0.1:0',
    '--peer',
    String(seed.event['address']),
  ];
  const first = await run(...args, '--json');
  assert.equal(first.exitCode, 0, first.stderr + first.stdout);
  assert.equal(first.stderr, '');
  const done = eventsOf(first).at(-1)!;
  assert.equal(done['event'], 'done');
  assert.equal(done['bytes'], 5_070_000);
  assert.equal(done['downloadedBytes'], 5_070_000);
  await assertSamePayload('got');

  const second = await run(...args);
  assert.equal(second.exitCode, 0, second.stderr);
  assert.match(second.stdout, /already here +4\.84 MiB/);

  assert.equal(await interrupt(seed.child, 'SIGINT'), 130);
  const last = seed.events.at(-1)!;
  assert.equal(last['event'], 'done');
  assert.ok(Number(last['uploadedBytes']) >= 5_070_000);
});

test('stream writes a file, and nothing else, to standard output while it downloads', async () => {
  const { event, child } = await start('listening', 'seed', 'payload.torrent', '-d', '.', '--listen', '127.0.0.1:0');
  const peer = ['--peer', String(event['address']), '--no-dht', '--no-lsd', '--no-trackers'];
  const player = spawn(process.execPath, [MAIN, 'stream', 'payload.torrent', '-o', 'played', ...peer], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(player);
  player.stderr.resume();
  const chunks: Buffer[] = [];
  for await (const chunk of player.stdout) chunks.push(chunk);
  if (player.exitCode === null) await once(player, 'close');
  running.delete(player);
  assert.equal(player.exitCode, 0);
  const longest = await readFile(path.join(folder, 'payload', 'one.bin'));
  assert.ok(Buffer.concat(chunks).equals(longest), 'the longest file, whole');
  const missing = await run('stream', 'payload.torrent', '--file', '9', '-o', 'played', ...peer);
  assert.deepEqual([missing.exitCode, missing.stdout], [2, '']);
  assert.match(missing.stderr, /the torrent has no file 9/);
  await interrupt(child, 'SIGINT');
});

test('an interrupted get continues where it stopped', async () => {
  const seed = await start('listening', 'seed', 'payload.torrent', '-d', '.', '--listen', '127.0.0.1:0', '--trust');
  const peer = ['--listen', '127.0.0.1:0', '--peer', String(seed.event['address'])];
  const args = ['get', 'payload.torrent', '-o', 'continued', ...peer];
  const get = await start('listening', ...args, '--down', '1M');
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (Number(get.events.at(-1)?.['bytesDone'] ?? 0) === 0) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
  assert.equal(await interrupt(get.child, 'SIGTERM'), 143);
  assert.equal(get.events.at(-1)!['code'], 'ERR_CLI_INTERRUPTED');

  const rest = await run(...args, '--json');
  assert.equal(rest.exitCode, 0, rest.stderr);
  const done = eventsOf(rest).at(-1)!;
  assert.ok(Number(done['downloadedBytes']) < 5_070_000, 'what was there is not fetched again');
  await assertSamePayload('continued');
  assert.equal(await interrupt(seed.child, 'SIGINT'), 130);
});

test('a reader that goes away ends a command without a word', async () => {
  const child = spawn(
    process.execPath,
    [MAIN, 'seed', 'payload.torrent', '-d', '.', '--json', '--listen', '127.0.0.1:0'],
    {
      cwd: folder,
      stdio: 'pipe',
    },
  );
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  await once(child, 'close');
  assert.equal(child.exitCode, 141);
  assert.equal(stderr, '');
});

test('move takes the files and what is known of them along: the next command hashes nothing', async () => {
  const list = (from: string, to: string): string[] => ['move', 'payload.torrent', '--from', from, '--to', to];
  for (const [name] of FILES) {
    await mkdir(path.dirname(path.join(folder, 'here', 'payload', name)), { recursive: true });
    await writeFile(path.join(folder, 'here', 'payload', name), await readFile(path.join(folder, 'payload', name)));
  }
  // Of a time that `utimes` can set again.
  const past = new Date(2020, 1, 1);
  await utimes(path.join(folder, 'here', 'payload', 'one.bin'), past, past);
  const moved = await run(...list('here', 'new/there'), '--json');
  assert.equal(moved.exitCode, 0, moved.stderr + moved.stdout);
  const done = eventsOf(moved).at(-1)!;
  assert.deepEqual(
    [done['event'], done['bytes'], done['from'], done['to']],
    ['done', 5_070_000, path.join(folder, 'here'), path.join(folder, 'new', 'there')],
  );
  await assertSamePayload(path.join('new', 'there'));
  // Spoilt without its time telling: whoever hashed it again would find out.
  const file = path.join(folder, 'new', 'there', 'payload', 'one.bin');
  await writeFile(file, new Uint8Array(5_000_000));
  await utimes(file, past, past);
  const back = await run(...list('new/there', 'here'));
  assert.equal(back.exitCode, 0, back.stderr);
  assert.match(back.stdout, /moved.*payload\n.*4\.84 MiB to .*here/s);

  const nothing = await run(...list('new/there', 'here'));
  assert.equal(nothing.exitCode, 2);
  assert.match(nothing.stderr, /nothing of "payload" is in .*there/);
  await mkdir(path.join(folder, 'full', 'payload'), { recursive: true });
  await writeFile(path.join(folder, 'full', 'payload', 'one.bin'), 'mine');
  const refused = await run(...list('here', 'full'));
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /one\.bin is there already: nothing was moved/);
  assert.equal(await readFile(path.join(folder, 'full', 'payload', 'one.bin'), 'utf8'), 'mine');
});
