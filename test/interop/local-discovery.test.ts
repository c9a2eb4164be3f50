// Peers that find each other in their own network, by multicast alone (BEP 14): two hosts on a cable, over IPv4 and IPv6.
import { type TestContext, test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { Cable, type CableFamily } from '../support/cable.ts';
import { assertDownloaded } from '../support/compare.ts';
import { Millrace } from '../support/millrace.ts';
import { type Payload, singleFile, writePayload } from '../support/payload.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { KIB, makeTorrent, saveTorrent, type TestTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const PYTHON = '/usr/bin/python3';
const READY_MS = 20_000;
const NOTHING_ELSE = ['--no-trackers', '--no-dht', '--no-pex', '--no-nat'];

interface Scene {
  readonly workspace: Workspace;
  readonly cable: Cable;
  readonly payload: Payload;
  readonly torrent: TestTorrent;
  readonly file: string;
  readonly seeds: string;
}

async function scene(t: TestContext, family: CableFamily): Promise<Scene | undefined> {
  const cable = await Cable.open(family);
  if (cable === undefined) {
    skipAloud(t, 'this machine makes no network namespaces (needs root and iproute2)');
    return undefined;
  }
  const workspace = await Workspace.open(t);
  workspace.own(cable);
  const payload = singleFile('found nearby.bin', 700_001, family);
  const torrent = makeTorrent(payload, 64 * KIB);
  const seeds = await workspace.folder('seed');
  await writePayload(payload, seeds);
  return { workspace, cable, payload, torrent, file: await saveTorrent(torrent, workspace.path), seeds };
}

function get({ workspace, cable, file }: Scene, folder: string): Millrace {
  return new Millrace(workspace, ['get', file, '-o', folder, ...NOTHING_ELSE, '--listen', '0'], cable.ends[0].through);
}

for (const family of [4, 6] as const) {
  test(`two clients find each other over IPv${family}`, async (t) => {
    const made = await scene(t, family);
    if (made === undefined) return;
    const { workspace, cable, file, seeds, payload } = made;
    const args = ['seed', file, '-d', seeds, ...NOTHING_ELSE, '--listen', '0'];
    const seed = new Millrace(workspace, args, cable.ends[1].through);
    await seed.until((event) => event.state === 'seeding', 'the seed is ready');
    const folder = await workspace.folder('get');
    await get(made, folder).done();
    await assertDownloaded(payload, folder);
  });

  for (const order of ['before', 'after'] as const) {
    test(`libtorrent is found over IPv${family} when it comes ${order} us`, async (t) => {
      const made = await scene(t, family);
      if (made === undefined) return;
      const { workspace, cable, file, seeds, payload } = made;
      const [, { address, through }] = cable.ends;
      const program = `${repository}/test/support/seeders/libtorrent-local-seed.py`;
      const listen = family === 4 ? `${address}:6881` : `[${address}]:6881`;
      const startSeed = async (): Promise<void> => {
        const [command = '', ...before] = through;
        const seed = workspace.own(new Program(command, [...before, PYTHON, program, file, seeds, listen]));
        await seed.find((line) => (line === 'ready' ? true : undefined), READY_MS, 'libtorrent to seed');
      };
      const folder = await workspace.folder('get');
      if (order === 'before') await startSeed();
      const download = get(made, folder);
      if (order === 'after') {
        await download.until((event) => event.stall?.code === 'no-peers', 'nobody is there');
        await startSeed();
      }
      await download.done();
      await assertDownloaded(payload, folder);
    });
  }
}
