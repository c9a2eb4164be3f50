// Downloads from libtorrent through proxies that nobody wrote for us: over SOCKS5, with a password and without, over its UDP
// relay, and over HTTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { download } from '../support/download.ts';
import { CREDENTIALS, ForeignProxy, type ForeignProxyName, foreignProxyMissing } from '../support/foreign-proxy.ts';
import { Millrace } from '../support/millrace.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { type LibtorrentOptions, LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const ACCESS = `${CREDENTIALS.user}:${CREDENTIALS.password}@`;

for (const [title, name, scheme, access, args, seeding] of [
  ['dante, SOCKS5', 'dante', 'socks5h', '', [], {}],
  ['dante, SOCKS5, uTP alone over its relay', 'dante', 'socks5', '', ['--utp', 'prefer'], { utp: true }],
  ['dante, SOCKS5, connections in threads', 'dante', 'socks5', '', ['--net-threads', '2'], {}],
  ['microsocks, SOCKS5 with a password', 'microsocks', 'socks5', ACCESS, [], {}],
  ['microsocks, SOCKS5, encrypted', 'microsocks', 'socks5', ACCESS, ['--encryption', 'require'], { encryption: 'rc4' }],
  ['tinyproxy, HTTP with a password', 'tinyproxy', 'http', ACCESS, [], {}],
] as const satisfies readonly (readonly [string, ForeignProxyName, string, string, string[], LibtorrentOptions])[]) {
  test(`from libtorrent through ${title}`, { timeout: 180_000 }, async (t) => {
    const missing = foreignProxyMissing(name) ?? libtorrent.missing();
    if (missing !== undefined && skipAloud(t, missing)) return;
    const workspace = await Workspace.open(t);
    const torrent = makeTorrent(fileTree('proxied', { 'a.bin': 5 * MIB + 17, 'b/c.bin': 700_001 }, 3), 256 * KIB);
    const source = await workspace.folder('source');
    await writePayload(torrent.payload, source);
    const seeder = await LibtorrentSeeder.start(workspace, torrent, source, seeding);
    workspace.own(seeder);
    const proxy = workspace.own(await ForeignProxy.start(workspace, name));
    const target = await workspace.folder('target');
    const all = ['--proxy', `${scheme}://${access}127.0.0.1:${proxy.port}`, ...args];
    const { dataPath } = await download(workspace, torrent, target, [seeder.port], all);
    await assertDownloaded(torrent.payload, target);
    const byBlock = !('utp' in seeding) && !('encryption' in seeding);
    if (byBlock) assert.ok(dataPath!.placedBytes > 10 * dataPath!.copiedBytes, JSON.stringify(dataPath));
  });
}

for (const [name, scheme] of [
  ['microsocks', 'socks5'],
  ['tinyproxy', 'http'],
] as const) {
  test(`${name} lets nobody in with a wrong password, and Millrace says so`, { timeout: 180_000 }, async (t) => {
    const missing = foreignProxyMissing(name);
    if (missing !== undefined && skipAloud(t, missing)) return;
    const workspace = await Workspace.open(t);
    const torrent = makeTorrent(fileTree('refused', { 'a.bin': 100_000 }, 4), 64 * KIB);
    const proxy = workspace.own(await ForeignProxy.start(workspace, name));
    const file = await saveTorrent(torrent, workspace.path);
    const run = Millrace.get(workspace, file, await workspace.folder('target'), {
      peers: [1],
      args: ['--proxy', `${scheme}://mill:wrong@127.0.0.1:${proxy.port}`],
    });
    const warning = await run.until(({ code }) => code === 'ERR_PROXY_AUTH', 'a warning');
    assert.ok(!warning.message!.includes('wrong'), 'a password is told to nobody');
    await run.until(({ stall }) => stall?.code === 'no-way-out', 'a stall');
    run.interrupt();
    await run.outcome();
  });
}
