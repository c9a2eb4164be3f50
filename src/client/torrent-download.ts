// Fetches a torrent file from a web server: few redirects, a cap on size, an end to patience, and errors that name the
// cause. What the bytes mean is not looked at here.

import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { concatBytes } from '../base/bytes.ts';
import { SourceError } from '../base/errors.ts';
import { isAfar } from '../engine/discovery/source-guard.ts';
import { isOutage } from '../engine/ports.ts';
import { LinkedAbort } from '../host/linked-abort.ts';
import type { Egress } from '../host/net/egress.ts';
import { networkReason } from '../host/net/network-reason.ts';
import { type SourceResponse as Response, SourceAgent } from '../host/net/source-agent.ts';
import { USER_AGENT } from './client-name.ts';
import { FETCH_SILENCE_MS, FETCH_TOTAL_MS, REDIRECTS_MAX, TORRENT_FILE_BYTES_MAX } from './limits.ts';

/** A URL fit for a message: without password and query, which often hold a user's passkey. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function fail(code: string, url: URL, what: string, cause?: unknown): never {
  throw new SourceError(code, `${shownUrl(url)}: ${what}`, cause === undefined ? undefined : { cause });
}

function ask(agent: SourceAgent, url: URL, signal: AbortSignal, credentials: boolean): Promise<Response> {
  const headers: Record<string, string> = {
    'user-agent': USER_AGENT,
    accept: 'application/x-bittorrent, application/octet-stream;q=0.9, */*;q=0.5',
    'accept-encoding': 'gzip, deflate, br',
  };
  if (credentials && url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return agent.get(bare, { signal, headers, silenceMs: FETCH_SILENCE_MS });
}

/** Where a redirect leads, or `undefined` when `response` is none. */
function redirectTarget(response: Response, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined;
  const location = header(response, 'location');
  const target = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    return fail('ERR_SOURCE_REDIRECT', from, 'the server redirects to an address that cannot be followed');
  }
  return target;
}

function header(response: Response, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The stream that undoes a content encoding; `undefined` when there is nothing to undo. */
function decompressor(encoding: string, url: URL): Transform | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return fail('ERR_SOURCE_ENCODING', url, `the server used the unknown content encoding ${encoding}`);
  }
}

/** Reads the whole body, as it is after decompression, and gives up as soon as it exceeds the cap. */
async function readBody(response: Response, url: URL): Promise<Uint8Array> {
  const tooLarge = (): never =>
    fail('ERR_SOURCE_TOO_LARGE', url, `more than ${TORRENT_FILE_BYTES_MAX >> 20} MiB: that is no torrent file`);
  if (Number(header(response, 'content-length') ?? 0) > TORRENT_FILE_BYTES_MAX) tooLarge();

  const transform = decompressor((header(response, 'content-encoding') ?? '').trim().toLowerCase(), url);
  if (transform !== undefined) {
    response.body.on('error', (error) => transform.destroy(error));
    response.body.pipe(transform);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (transform ?? response.body) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > TORRENT_FILE_BYTES_MAX) tooLarge();
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

/** Whom the way to a file may lead to: whom the user named, but from a server of the internet to none of this network. */
class Course {
  #afar = false;
  #sentFromAfar = false;

  readonly refusal = (host: string): string | undefined => {
    if (isAfar(host)) this.#afar = true;
    else if (this.#sentFromAfar) return 'a redirect from the internet leads into this network';
    return undefined;
  };

  /** Who was asked sends us on. */
  redirected(): void {
    this.#sentFromAfar = this.#afar;
  }
}

async function follow(agent: SourceAgent, course: Course, start: URL, signal: AbortSignal): Promise<Uint8Array> {
  let url = start;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const response = await ask(agent, url, signal, url.origin === start.origin);
    try {
      const target = redirectTarget(response, url);
      if (target === undefined) {
        if (response.statusCode === 200) return await readBody(response, url);
        return fail('ERR_SOURCE_STATUS', url, `the server answered with status ${response.statusCode}`);
      }
      url = target;
      course.redirected();
    } finally {
      // An answer that is not read to its end would hold its connection open; that it ends early is no news to us.
      response.body.on('error', () => undefined);
      response.body.destroy();
    }
  }
  return fail('ERR_SOURCE_REDIRECT', start, `more than ${REDIRECTS_MAX} redirects`);
}

/**
 * Downloads the file behind an http or https URL. Throws `SourceError` ERR_SOURCE_…, or what is wrong with our own way out:
 * ERR_PROXY_… and ERR_BIND_ADDRESS; or the reason of `signal`.
 */
export async function downloadTorrentFile(url: URL, egress: Egress, signal?: AbortSignal): Promise<Uint8Array> {
  const course = new Course();
  const agent = new SourceAgent(egress, course.refusal);
  const patience = AbortSignal.timeout(FETCH_TOTAL_MS);
  const stop = new LinkedAbort(signal, patience);
  try {
    return await follow(agent, course, url, stop.signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SourceError && error.code.startsWith('ERR_')) throw error;
    if (patience.aborted) return fail('ERR_SOURCE_TIMEOUT', url, 'the server is too slow', error);
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (isOutage(code)) throw new SourceError(code, message, { cause: error });
    if (/TIMEOUT/.test(code)) return fail('ERR_SOURCE_TIMEOUT', url, 'the server does not answer', error);
    if (/^Z_|^ERR__ERROR_FORMAT|^ERR_BROTLI/.test(code)) {
      return fail('ERR_SOURCE_ENCODING', url, `the answer cannot be decompressed: ${message}`, error);
    }
    return fail('ERR_SOURCE_CONNECTION', url, `cannot be fetched: ${networkReason(error)}`, error);
  } finally {
    stop.release();
    await agent.close();
  }
}
