// Downloads from nginx alone, by the command line: no tracker and no peer (BEP 19).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Nginx, type NginxOptions, nginxMissing } from '#src/testing/webseed/nginx.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { Millrace } from '../support/millrace.ts';
import { fileTree, oddTree, type Payload, paddedTree, singleFile, writePayload } from '../support/payload.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

interface Scene {
  readonly workspace: Workspace;
  readonly nginx: Nginx;
}

async function scene(
  t: TestContext,
  payload: Payload,
  options: Partial<NginxOptions> = {},
): Promise<Scene | undefined> {
  const missing = nginxMissing();
  if (missing !== undefined && skipAloud(t, missing)) return undefined;
  const workspace = await Workspace.open(t);
  const files = await workspace.folder('files');
  await writePayload(payload, files);
  const nginx = await Nginx.start({ root: files, home: path.join(workspace.path, 'nginx'), ...options });
  return { workspace, nginx: workspace.own(nginx) };
}

async function download(
  t: TestContext,
  payload: Payload,
  pieceBytes: number,
  options: Partial<NginxOptions> & { through?: readonly string[] } = {},
): Promise<void> {
  const { through = [], ...rest } = options;
  const made = await scene(t, payload, rest);
  if (made === undefined) return;
  const { workspace, nginx } = made;
  const torrent = makeTorrent(payload, pieceBytes, {
    webSeeds: [`${nginx.url}${payload.single ? encodeURIComponent(payload.name) : ''}`],
  });
  const folder = await workspace.folder('get');
  const file = await saveTorrent(torrent, workspace.path);
  const done = await Millrace.get(workspace, file, folder, { peers: [], through }).done();
  await assertDownloaded(payload, folder);
  const { placedBytes, copiedBytes, wastedBytes } = done.dataPath!;
  assert.equal(wastedBytes, 0);
  if (payload.bytes.length > 8 * MIB) assert.ok(copiedBytes < placedBytes / 100, `${copiedBytes} bytes were copied`);
}

test('one large file', (t) => download(t, singleFile('large one.bin', 48 * MIB + 5, 1), 256 * KIB));

test('many small files with odd names', (t) => download(t, oddTree('odd & ends', 300, 2), 16 * KIB));

test('files that share pieces', (t) => {
  const payload = fileTree('shared', { 'a/b.bin': 3 * MIB + 17, c: 5, 'd e/f': 700_001, g: 2 * MIB }, 3);
  return download(t, payload, MIB);
});

test('pad files are nowhere and need not be', (t) => {
  const payload = paddedTree('padded', { a: 100_000, b: 5, c: 700_001 }, 64 * KIB, 4);
  return download(t, payload, 64 * KIB, { directives: ['location ~ /\\.pad/ { return 404; }'] });
});

test('a server that knows no ranges', (t) =>
  download(t, fileTree('whole', { a: 2 * MIB, b: 100_000 }, 5), 128 * KIB, { directives: ['max_ranges 0;'] }));

test('a server that ends connections after three answers', (t) =>
  download(t, fileTree('short', { a: 4 * MIB, b: 100_000 }, 6), 128 * KIB, { directives: ['keepalive_requests 3;'] }));

test('a server that redirects', (t) =>
  download(t, fileTree('moved', { a: 2 * MIB, b: 100_000 }, 7), 128 * KIB, {
    directives: ['rewrite ^/moved/(.*)$ /there/moved/$1 redirect;', 'rewrite ^/there/(.*)$ /$1 break;'],
  }));

test('https', async (t) => {
  const payload = singleFile('secret.bin', 24 * MIB, 8);
  const workspace = await Workspace.open(t);
  const [key, cert] = [path.join(workspace.path, 'key.pem'), path.join(workspace.path, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const made = spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject]);
  if (made.status !== 0 && skipAloud(t, 'openssl is not installed')) return;
  await download(t, payload, 256 * KIB, { tls: { cert, key }, through: ['env', `NODE_EXTRA_CA_CERTS=${cert}`] });
});
