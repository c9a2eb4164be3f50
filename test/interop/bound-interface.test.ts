// An interface that comes and goes, as a VPN does: two hosts on a cable, one of them bound to its end, which loses its address in
// the middle of a download and gets another one. Nothing goes out meanwhile, though there is another way.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { Cable } from '../support/cable.ts';
import { assertDownloaded } from '../support/compare.ts';
import { EXIT_USAGE, Millrace } from '../support/millrace.ts';
import { singleFile, writePayload } from '../support/payload.ts';
import { KIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

/** Of a network of its own: nobody else has it. */
const LATER_PORT = 26_881;

const NOTHING_ELSE = ['--no-trackers', '--no-dht', '--no-pex', '--no-nat', '--no-lsd'];

for (const [bind, comesBackAs] of [
  ['cable', '10.77.0.9'],
  ['10.77.0.1', '10.77.0.1'],
] as const) {
  test(`--bind ${bind}: a download stands still while there is no address, says so, and goes on at ${comesBackAs}`, async (t) => {
    const cable = await Cable.open(4);
    if (cable === undefined) {
      skipAloud(t, 'this machine makes no network namespaces (needs root and iproute2)');
      return;
    }
    const workspace = await Workspace.open(t);
    workspace.own(cable);
    const payload = singleFile('bound.bin', 800_000, 5);
    const torrent = makeTorrent(payload, 64 * KIB);
    const [seeds, laterSeeds] = [await workspace.folder('seed'), await workspace.folder('later seed')];
    for (const folder of [seeds, laterSeeds]) await writePayload(payload, folder);
    const file = await saveTorrent(torrent, workspace.path);
    const [here, there] = cable.ends;
    const seeding = (from: string, port: number): string[] => [
      'seed',
      file,
      '-d',
      from,
      ...NOTHING_ELSE,
      '--listen',
      `${port}`,
    ];
    const seed = await new Millrace(workspace, seeding(seeds, 0), there.through).listening();
    const ip = (...args: readonly string[]): void => {
      const [command = '', ...rest] = [...here.through, 'ip', ...args];
      const { status, stderr } = spawnSync(command, rest, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    };
    // Another address from where the seed can be reached: what is not bound would take it.
    if (bind !== 'cable') ip('addr', 'add', '10.77.1.1/24', 'dev', 'cable');

    const folder = await workspace.folder('get');
    const peer = ['--peer', `${there.address}:${seed.port}`, '--peer', `${there.address}:${LATER_PORT}`];
    const args = ['get', file, '-o', folder, ...NOTHING_ELSE, ...peer, '--listen', '0'];
    const run = new Millrace(workspace, [...args, '--bind', bind, '--down', '200k'], here.through);
    const { address } = await run.until(({ event }) => event === 'listening', 'a port');
    assert.ok(address!.startsWith(`${here.address}:`), `it listens at ${address}`);
    await run.untilBytes(64 * KIB);

    ip('addr', 'del', `${here.address}/24`, 'dev', 'cable');
    const warning = await run.until(({ code }) => code === 'ERR_BIND_ADDRESS', 'a warning');
    assert.match(warning.message!, /^(?:there is )?no interface .*: nothing is sent until there is$/);

    // The first seed takes us for connected until it has waited long enough: another one is there for who comes back.
    await new Millrace(workspace, seeding(laterSeeds, LATER_PORT), there.through).listening();
    ip('addr', 'add', `${comesBackAs}/24`, 'dev', 'cable');
    // The other way that the cable leads went with the address.
    spawnSync(here.through[0]!, [...here.through.slice(1), 'ip', 'route', 'add', 'default', 'dev', 'cable']);
    await run.done();
    await assertDownloaded(payload, folder);

    const none = new Millrace(workspace, [...args, '--bind', 'nothing0'], here.through);
    const { code, last } = await none.outcome();
    assert.equal(code, EXIT_USAGE);
    assert.deepEqual([last?.event, last?.code], ['error', 'ERR_BIND_ADDRESS']);
  });
}
