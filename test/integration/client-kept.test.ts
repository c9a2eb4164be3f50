// What a torrent keeps from run to run beside its pieces: trackers that came and went, bans, what was sent; and what is
// hashed again because a power cut may have taken it.
import assert from 'node:assert/strict';
import { open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { bootId } from '#src/client/boot-id.ts';
import type { TorrentState } from '#src/client/index.ts';
import { decodeResumeData, encodeResumeData, type ResumeData } from '#src/client/resume-data.ts';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

const PIECE_BYTES = 32 * 1024;

async function resumeFile(bench: ClientBench): Promise<string> {
  const [name = ''] = await readdir(bench.path('data', 'resume'));
  return bench.path('data', 'resume', name);
}

test('trackers that the user added and removed, bans and the upload total outlive the client', async (t) => {
  const bench = await ClientBench.open(t);
  const trackers = await Promise.all(
    [1, 2].map(async () => {
      const tracker = new HttpTracker();
      await tracker.listen();
      t.after(() => tracker.close());
      return tracker;
    }),
  );
  const [own, added] = trackers.map(({ announceUrl }) => announceUrl) as [string, string];
  const metainfo = await bench.payload('set', { a: 10 * PIECE_BYTES }, { tiers: [[own]] });
  const directory = bench.path('seed');
  const first = bench.client();
  const torrent = await first.add(metainfo, { directory, existing: 'check' });
  await within(torrent.completed(), 'checked');
  torrent.addTracker(added);
  torrent.removeTracker(own);
  torrent.banPeer({ host: '127.0.0.1', port: 9 });
  const leech = bench.client();
  const from = (await first.listen())!;
  const copy = await leech.add(metainfo, { directory: bench.path('get'), peers: [from], trackers: false });
  await within(copy.completed(), 'somebody downloads it');
  await until(() => torrent.progress().uploadedBytes >= metainfo.totalBytes, 'all is sent');
  await first.close();

  const second = bench.client();
  const again = await second.add(metainfo, { directory });
  await within(again.completed(), 'still there');
  assert.deepEqual(
    again.trackers().map(({ url }) => url),
    [added],
  );
  assert.ok(again.progress().uploadedBytes >= metainfo.totalBytes);
  // The download beside it has resume data of its own.
  const names = await readdir(bench.path('data', 'resume'));
  const all = await Promise.all(
    names.map(async (name) => decodeResumeData(await readFile(bench.path('data', 'resume', name)))),
  );
  assert.deepEqual(all.find((saved) => saved.directory === directory)?.banned, ['127.0.0.1|9']);
  const third = await second.close().then(() => bench.client().add(metainfo, { directory, trackers: false }));
  await within(third.completed(), 'and again');
  assert.deepEqual(third.trackers(), [], 'who wants no trackers has none of these either');
});

test('an idle torrent leaves its resume data alone', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 10 * PIECE_BYTES });
  const visit = async (): Promise<void> => {
    const client = bench.client();
    await within((await client.add(metainfo, { directory: bench.path('seed') })).completed(), 'there');
    await client.close();
  };
  await visit();
  const before = await stat(await resumeFile(bench), { bigint: true });
  await visit();
  const after = await stat(await resumeFile(bench), { bigint: true });
  assert.deepEqual([after.mtimeNs, after.ino], [before.mtimeNs, before.ino]);
});

/** The saved data of a complete torrent of ten pieces, changed, and what a client then checks and finds. */
async function reopened(t: test.TestContext, change: (saved: ResumeData) => ResumeData) {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 10 * PIECE_BYTES });
  const directory = bench.path('seed');
  // Of a time that `utimes` can set again.
  const past = new Date(2020, 1, 1);
  await utimes(bench.path('seed', 'set', 'a'), past, past);
  const first = bench.client();
  await within((await first.add(metainfo, { directory, existing: 'check' })).completed(), 'checked');
  await first.close();
  const file = await resumeFile(bench);
  await writeFile(file, encodeResumeData(change(decodeResumeData(await readFile(file)))));
  // Same size, same time: as a power cut leaves it that took what was not synced.
  const handle = await open(bench.path('seed', 'set', 'a'), 'r+');
  await handle.write(new Uint8Array(PIECE_BYTES), 0, PIECE_BYTES, 3 * PIECE_BYTES);
  await handle.close();
  await utimes(bench.path('seed', 'set', 'a'), past, past);
  const torrent = await bench.client().add(metainfo, { directory });
  const states: TorrentState[] = [];
  torrent.on('state', (state) => states.push(state));
  await until(() => torrent.state === 'downloading' || torrent.state === 'seeding', 'opened');
  return { states, done: torrent.progress().piecesDone };
}

function unsettled(...set: number[]): Bitfield {
  const field = new Bitfield(10);
  for (const piece of set) field.add(piece);
  return field;
}

test('after a power cut, what was not synced when it was saved is hashed again', async (t) => {
  const power = await reopened(t, (saved) => ({ ...saved, unsettled: unsettled(3, 4), boot: 'another' }));
  assert.deepEqual(power, { states: ['checking', 'downloading'], done: 9 });
});

test('in the same run of the machine nothing is hashed again', async (t) => {
  // Said by name: a client that lives for half a minute, on a busy machine, has synced everything and saves no run.
  const killed = await reopened(t, (saved) => ({ ...saved, unsettled: unsettled(3, 4), boot: bootId() }));
  assert.deepEqual(killed, { states: ['seeding'], done: 10 });
});

test('what was synced is believed in every run of the machine', async (t) => {
  const rebooted = await reopened(t, (saved) => ({ ...saved, unsettled: unsettled(5), boot: 'another' }));
  assert.deepEqual(rebooted, { states: ['checking', 'seeding'], done: 10 });
});

test('a recheck keeps the peers of a running seed, and tells them what is gone', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 40 * PIECE_BYTES });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 200_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await until(() => torrent.progress().piecesDone > 0, 'the download runs');
  const [link] = torrent.peers();
  assert.equal(link?.progress, 1);
  const handle = await open(bench.path('seed', 'set', 'a'), 'r+');
  await handle.write(Buffer.from('damaged'), 0, 7, 39 * PIECE_BYTES);
  await handle.close();
  const missing = !torrent.metainfo || torrent.progress().piecesDone < 39;
  const counts: number[] = [];
  const watch = setInterval(() => counts.push(seed.torrent.peers().length), 1);
  await within(seed.torrent.recheck(), 'the check');
  clearInterval(watch);
  assert.ok(missing && counts.every((count) => count === 1), `${counts}`);
  await until(() => torrent.peers()[0]?.progress === 39 / 40, 'the loss is told');
  assert.deepEqual(torrent.peers()[0]?.address, link?.address);
  assert.equal(seed.torrent.state, 'downloading');
});
