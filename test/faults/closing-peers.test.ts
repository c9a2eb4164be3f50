// A seeder that closes at every possible byte of a session. In one process, through the library: a hundred programs a
// second cannot be started. An honest seeder gives once the other is gone, so that the closing is always felt.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { Client } from '#src/client/client.ts';
import { unchokeAfter } from '#src/testing/peers/choking.ts';
import { closeAfter } from '#src/testing/peers/pacing.ts';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { within } from '../support/deadline.ts';
import { signal } from '../support/fault-scene.ts';
import { singleFile } from '../support/payload.ts';
import { KIB, makeTorrent, type TestTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const SIDE_BY_SIDE = 16;
const TIMEOUT_MS = 60_000;
const OPENING_BYTES = 68 + 6 + 5;
const PIECE_HEADER_BYTES = 13;

/** A torrent of its own for every case: a client has each torrent once. */
function torrentNamed(name: string, length: number): TestTorrent {
  return makeTorrent(singleFile(name, length, length), 16 * KIB);
}

/** Downloads beside a seeder that closes after so many bytes; returns how many bytes of blocks the honest one sent. */
async function downloadBeside(
  client: Client,
  root: Workspace,
  torrent: TestTorrent,
  closing: [number, 'end' | 'reset'],
) {
  const gone = signal();
  const cut = () => ({ closed: gone.give });
  const bad = root.own(await ScriptedSeeder.listen(torrent, { behaviours: [cut, closeAfter(...closing)] }));
  const honest = root.own(await ScriptedSeeder.listen(torrent, { behaviours: [unchokeAfter(gone.given)] }));
  const directory = await root.folder(torrent.payload.name);
  const peers = [bad, honest].map(({ port }) => ({ host: '127.0.0.1', port }));
  const added = await client.add(torrent.metainfo, { directory, peers, trackers: false, seed: false });
  const what = (): string => `a seeder that closes after ${closing.join(', ')}; ${JSON.stringify(added.progress())}`;
  await within(added.completed(), TIMEOUT_MS, what);
  const file = await readFile(path.join(directory, torrent.payload.name));
  assert.ok(file.equals(torrent.bytes), `the file is right although a seeder closed after ${closing.join(', ')}`);
  await added.remove();
  await bad.stop();
  await honest.stop();
}

/** Runs all cases, some at once, with one client; fails unless the client can be closed and its numbers add up. */
async function closeAt(workspace: Workspace, bytes: readonly number[], how: 'end' | 'reset', length: number) {
  process.env['MILLRACE_DATA_DIR'] = await workspace.folder('data');
  const client = new Client({ listen: false, memoryBytes: 8 << 20 });
  const waiting = [...bytes];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await downloadBeside(client, workspace, torrentNamed(`${how}-${next}.bin`, length), [next, how]);
    }
  };
  try {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    const { placedBytes, copiedBytes } = client.dataPath();
    assert.ok(placedBytes + copiedBytes >= bytes.length * length, 'every byte came in once at least');
    assert.equal(client.torrents.length, 0);
  } finally {
    await within(client.close(), TIMEOUT_MS, 'the client to close');
  }
}

function range(from: number, to: number, step: number = 1): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}

for (const how of ['end', 'reset'] as const) {
  test(`a seeder closes (${how}) at every byte of a session of one small block`, async (t) => {
    const length = 100;
    const session = OPENING_BYTES + PIECE_HEADER_BYTES + length;
    await closeAt(await Workspace.open(t), range(0, session + 1), how, length);
  });
}

test('a seeder closes around every header of a session of three blocks, and here and there inside', async (t) => {
  const length = 2 * 16 * KIB + 77;
  const message = PIECE_HEADER_BYTES + 16 * KIB;
  const headers = [0, 1, 2].flatMap((block) => {
    const start = OPENING_BYTES + block * message;
    return range(start - 3, start + PIECE_HEADER_BYTES + 3);
  });
  const inside = range(OPENING_BYTES + 500, OPENING_BYTES + 2 * message, 1999);
  await closeAt(await Workspace.open(t), [...headers, ...inside], 'end', length);
});
