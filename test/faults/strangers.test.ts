// Peers that come to us: Millrace listens while it downloads.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { wrongInfoHash } from '#src/testing/peers/handshakes.ts';
import { messageOfLength } from '#src/testing/peers/noise.ts';
import { splitWrites } from '#src/testing/peers/pacing.ts';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { assertDownloaded } from '../support/compare.ts';
import { within } from '../support/deadline.ts';
import { freePort } from '../support/free-port.ts';
import { DOWNLOAD_TIMEOUT_MS, Millrace } from '../support/millrace.ts';
import { fileTree } from '../support/payload.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TORRENT = makeTorrent(fileTree('visited', { 'a.bin': 3 * MIB + 1, 'b.bin': MIB }, 96), 128 * KIB);
const SILENT_STRANGERS = 50;

interface Visited {
  readonly run: Millrace;
  readonly port: number;
  readonly target: string;
}

/** Starts a download whose only known peer is not there, and waits until it listens and has looked at its files. */
async function listening(workspace: Workspace): Promise<Visited> {
  const target = await workspace.folder('target');
  const file = await saveTorrent(TORRENT, workspace.path);
  const run = Millrace.get(workspace, file, target, { peers: [await freePort()] });
  const event = await run.until((said) => said.event === 'listening', 'an address to dial');
  await run.until((said) => said.state === 'downloading', 'the download to begin');
  return { run, target, port: Number(event.address?.split(':').at(-1)) };
}

/** Connects, says `bytes`, and resolves when Millrace hangs up. */
async function knock(port: number, bytes: Buffer): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  // Not `once`, which rejects when the stranger is reset: that is a way to be shown out, too.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume().write(bytes);
  await within(closed, DOWNLOAD_TIMEOUT_MS, `a stranger that says ${bytes.length} bytes to be shown out`);
}

async function completesFrom(visited: Visited, seeder: ScriptedSeeder): Promise<void> {
  await seeder.dial(visited.port);
  await visited.run.done();
  await assertDownloaded(TORRENT.payload, visited.target);
}

test('a seeder that dials us is enough', async (t) => {
  const workspace = await Workspace.open(t);
  const visited = await listening(workspace);
  await completesFrom(visited, workspace.own(new ScriptedSeeder(TORRENT)));
});

test('a seeder that dials us in split writes is enough', async (t) => {
  const workspace = await Workspace.open(t);
  const visited = await listening(workspace);
  const behaviours = [splitWrites(new SeededRandom(9), 9000)];
  await completesFrom(visited, workspace.own(new ScriptedSeeder(TORRENT, { behaviours })));
});

test('strangers that speak nonsense are shown out, and the seeder after them is let in', async (t) => {
  const workspace = await Workspace.open(t);
  const visited = await listening(workspace);
  await knock(visited.port, Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.padEnd(100)));
  await knock(visited.port, Buffer.alloc(1000, 0xff));
  for (const behaviour of [wrongInfoHash(), messageOfLength(2 ** 32 - 1)]) {
    const stranger = workspace.own(new ScriptedSeeder(TORRENT, { behaviours: [behaviour] }));
    const session = await stranger.dial(visited.port);
    await within(session.closed, DOWNLOAD_TIMEOUT_MS, 'a hostile stranger to be shown out');
  }
  await completesFrom(visited, workspace.own(new ScriptedSeeder(TORRENT)));
});

test('strangers that say nothing do not keep a seeder out, nor the program alive', async (t) => {
  const workspace = await Workspace.open(t);
  const visited = await listening(workspace);
  const silent: net.Socket[] = [];
  for (let i = 0; i < SILENT_STRANGERS; i++) {
    const socket = net.connect(visited.port, '127.0.0.1').on('error', () => socket.destroy());
    await once(socket, 'connect');
    silent.push(socket);
  }
  await completesFrom(visited, workspace.own(new ScriptedSeeder(TORRENT)));
  for (const socket of silent) socket.destroy();
  assert.equal(silent.length, SILENT_STRANGERS);
});
