import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { SourceError } from '../base/errors.ts';
import { DIRECT, Egress } from '../host/net/egress.ts';
import { HttpProxy } from '../testing/proxy/http-proxy.ts';
import { USER_AGENT } from './client-name.ts';
import { egressSettings } from './client-options.ts';
import { REDIRECTS_MAX, TORRENT_FILE_BYTES_MAX } from './limits.ts';
import { downloadTorrentFile } from './torrent-download.ts';

const BODY = Buffer.from('d4:infod4:name1:xee'.repeat(500));

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function refused(code: string, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };
}

test('a file comes in whole, and the server is told who asks', async (t) => {
  let agent: string | undefined;
  const base = await serve(t, (request, response) => {
    agent = request.headers['user-agent'];
    response.end(BODY);
  });
  assert.deepEqual(Buffer.from(await downloadTorrentFile(new URL(`${base}/x`), DIRECT)), BODY);
  assert.equal(agent, USER_AGENT);
});

for (const [encoding, encoded] of [
  ['gzip', gzipSync(BODY)],
  ['deflate', deflateSync(BODY)],
  ['br', brotliCompressSync(BODY)],
] as const) {
  test(`content encoding ${encoding} is undone, and broken data is told`, async (t) => {
    const base = await serve(t, (request, response) => {
      response.setHeader('content-encoding', encoding);
      response.end(request.url === '/whole' ? encoded : encoded.map((byte, i) => (i > 5 ? byte ^ 0xff : byte)));
    });
    assert.deepEqual(Buffer.from(await downloadTorrentFile(new URL(`${base}/whole`), DIRECT)), BODY);
    await assert.rejects(
      downloadTorrentFile(new URL(`${base}/broken`), DIRECT),
      refused('ERR_SOURCE_ENCODING', /decompressed/),
    );
  });
}

test('an encoding that is not known is told', async (t) => {
  const base = await serve(t, (_, response) => response.setHeader('content-encoding', 'zstd2').end(BODY));
  await assert.rejects(downloadTorrentFile(new URL(base), DIRECT), refused('ERR_SOURCE_ENCODING', /zstd2/));
});

test('redirects are followed up to the limit, relative ones too', async (t) => {
  const base = await serve(t, (request, response) => {
    const left = Number(request.url?.slice(1));
    if (left === 0) response.end(BODY);
    else response.writeHead(left % 2 === 0 ? 302 : 307, { location: `./${left - 1}` }).end('moved');
  });
  assert.deepEqual(Buffer.from(await downloadTorrentFile(new URL(`${base}/${REDIRECTS_MAX}`), DIRECT)), BODY);
  await assert.rejects(
    downloadTorrentFile(new URL(`${base}/${REDIRECTS_MAX + 1}`), DIRECT),
    refused('ERR_SOURCE_REDIRECT', /more than 5 redirects/),
  );
});

test('a server of the internet cannot send us into this network, one of this network can', async (t) => {
  let asked = 0;
  const base = await serve(t, (request, response) => {
    if (request.url === '/inside') asked++;
    if (request.url === '/inside') response.end(BODY);
    else response.writeHead(302, { location: `${base}/inside` }).end();
  });
  // The proxy alone knows where that name leads.
  const proxy = await HttpProxy.start({ names: { 'files.test': '127.0.0.1' } });
  t.after(() => proxy.stop());
  const egress = new Egress(egressSettings({ proxy: proxy.url }));
  const url = new URL(base.replace('127.0.0.1', 'files.test'));
  await assert.rejects(downloadTorrentFile(url, egress), refused('ERR_SOURCE_FORBIDDEN', /leads into this network/));
  assert.equal(asked, 0);
  assert.deepEqual(Buffer.from(await downloadTorrentFile(new URL(base), DIRECT)), BODY);
});

test('a redirect to anything but http is refused', async (t) => {
  const base = await serve(t, (request, response) => {
    response.writeHead(302, request.url === '/file' ? { location: 'file:///etc/passwd' } : {}).end();
  });
  await assert.rejects(
    downloadTorrentFile(new URL(`${base}/file`), DIRECT),
    refused('ERR_SOURCE_REDIRECT', /cannot be followed/),
  );
  await assert.rejects(
    downloadTorrentFile(new URL(`${base}/none`), DIRECT),
    refused('ERR_SOURCE_REDIRECT', /cannot be followed/),
  );
});

test('a password is sent to its own server only and never shown', async (t) => {
  const seen: (string | undefined)[] = [];
  const other = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(403).end();
  });
  const base = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${other}/x?passkey=hidden` }).end();
  });
  const url = new URL(base);
  url.username = 'me';
  url.password = 'hidden';
  await assert.rejects(downloadTorrentFile(url, DIRECT), (error: Error) => {
    assert.ok(refused('ERR_SOURCE_STATUS', /status 403/)(error));
    assert.doesNotMatch(error.message, /hidden/);
    return true;
  });
  assert.deepEqual(seen, [`Basic ${Buffer.from('me:hidden').toString('base64')}`, undefined]);
});

test('too large by its own word, too large unannounced, and a compressed bomb are all given up', async (t) => {
  const bomb = gzipSync(Buffer.alloc(TORRENT_FILE_BYTES_MAX + 1));
  const base = await serve(t, (request, response) => {
    if (request.url === '/told') response.writeHead(200, { 'content-length': TORRENT_FILE_BYTES_MAX + 1 }).write('d');
    else if (request.url === '/bomb') response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    else {
      const chunk = Buffer.alloc(1 << 20);
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      pour();
    }
  });
  for (const path of ['told', 'untold', 'bomb']) {
    await assert.rejects(
      downloadTorrentFile(new URL(`${base}/${path}`), DIRECT),
      refused('ERR_SOURCE_TOO_LARGE', /64 MiB/),
      path,
    );
  }
});

test('a server that hangs up or is not there is told', async (t) => {
  const base = await serve(t, (request, response) => {
    if (request.url === '/half')
      response.writeHead(200, { 'content-length': 100 }).write('d', () => response.destroy());
    else response.destroy();
  });
  await assert.rejects(
    downloadTorrentFile(new URL(`${base}/`), DIRECT),
    refused('ERR_SOURCE_CONNECTION', /cannot be fetched/),
  );
  await assert.rejects(
    downloadTorrentFile(new URL(`${base}/half`), DIRECT),
    refused('ERR_SOURCE_CONNECTION', /cannot be fetched/),
  );
  await assert.rejects(
    downloadTorrentFile(new URL('http://127.0.0.1:1/'), DIRECT),
    refused('ERR_SOURCE_CONNECTION', /ECONNREFUSED/),
  );
});

test('an abort ends the wait with its own reason', async (t) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const base = await serve(t, () => controller.abort(reason));
  await assert.rejects(downloadTorrentFile(new URL(base), DIRECT, controller.signal), reason);
});
