// Announces and scrapes over HTTP and HTTPS (BEP 3, BEP 48). Redirects, decompression and the size of a reply are all bounded here; no
// connection is kept open after its reply, as half an hour lies between two announces.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SourceError } from '../../base/errors.ts';
import { isAfar } from '../../engine/discovery/source-guard.ts';
import type { AnnounceRequest } from '../../engine/discovery/tracker-port.ts';
import type { AnnounceReply, ScrapeFigures } from '../../protocol/tracker/announce.ts';
import { decodeHttpAnnounceReply } from '../../protocol/tracker/http-announce-reply.ts';
import { httpAnnounceUrl } from '../../protocol/tracker/http-announce-url.ts';
import { decodeHttpScrape, httpScrapeUrl } from '../../protocol/tracker/http-scrape.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { TRACKER_REDIRECTS_MAX, TRACKER_REPLY_BYTES_MAX } from '../limits.ts';
import type { Egress } from '../net/egress.ts';
import { type SourceResponse as Response, SourceAgent } from '../net/source-agent.ts';
import { isNetworkFailure, networkFailure } from './network-failure.ts';
import type { TrackerTarget, TrackerTargets } from './tracker-target.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const unzip = promisify(gunzip);

export class HttpAnnouncer {
  readonly #agent: SourceAgent;
  readonly #targets: TrackerTargets;
  readonly #headers: { readonly 'user-agent': string; readonly 'accept-encoding': string };

  constructor(userAgent: string, targets: TrackerTargets, egress: Egress) {
    this.#headers = { 'user-agent': userAgent, 'accept-encoding': 'gzip' };
    this.#targets = targets;
    this.#agent = new SourceAgent(egress);
  }

  /** Rejects with a SourceError, or with the signal's reason once it is aborted. */
  async announce(request: AnnounceRequest, target: TrackerTarget, signal: AbortSignal): Promise<AnnounceReply> {
    const { response, body } = await this.#fetch(new URL(httpAnnounceUrl(request.url, request)), target, signal);
    const reply = readReply(response, body, decodeHttpAnnounceReply);
    const { externalIp } = reply;
    return externalIp === undefined ? reply : { ...reply, sightings: [{ address: externalIp, by: target.address }] };
  }

  /** Asks for the figures of a swarm (BEP 48). `url` is that of the scrapes. Rejects as `announce` does. */
  async scrape(url: string, infoHash: Uint8Array, target: TrackerTarget, signal: AbortSignal): Promise<ScrapeFigures> {
    const { response, body } = await this.#fetch(new URL(httpScrapeUrl(url, infoHash)), target, signal);
    return readReply(response, body, (bytes) => decodeHttpScrape(bytes, infoHash));
  }

  /** Ends every connection; announces under way fail. */
  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #fetch(from: URL, at: TrackerTarget, signal: AbortSignal): Promise<{ response: Response; body: Uint8Array }> {
    let [url, target] = [from, at];
    let sentFromAfar = false;
    for (let redirects = 0; redirects <= TRACKER_REDIRECTS_MAX; redirects++) {
      const response = await this.#get(url, target, signal);
      const location = response.headers['location'];
      if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string') {
        return { response, body: await readBody(response, url.host, signal) };
      }
      // A redirect's page is not read: its body complains about being cut off, which is what is meant.
      response.body.on('error', () => undefined).destroy();
      url = redirectTarget(location, url);
      sentFromAfar ||= isAfar(target.address);
      const targets = await this.#targets.of(url, sentFromAfar, signal);
      target = targets.find(({ family }) => family === at.family) ?? targets[0]!;
    }
    throw new SourceError('ERR_TRACKER_REDIRECT', `The tracker ${url.host} redirects in circles.`);
  }

  /** What was judged is what is dialled: an address, behind a proxy the name; the name that the URL has goes along in the head. */
  async #get(url: URL, { address }: TrackerTarget, signal: AbortSignal): Promise<Response> {
    const numeric = new URL(url);
    numeric.hostname = address.includes(':') ? `[${address}]` : address;
    const headers = { ...this.#headers, host: url.host };
    try {
      return await this.#agent.get(numeric, { headers, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw networkFailure(error, url.host);
    }
  }
}

/** Only to where announces can go: a tracker must not make us read files or speak other protocols. */
function redirectTarget(location: string, from: URL): URL {
  if (URL.canParse(location, from.href)) {
    const target = new URL(location, from);
    if (target.protocol === 'http:' || target.protocol === 'https:') return target;
  }
  throw new SourceError('ERR_TRACKER_REDIRECT', `The tracker ${from.host} redirects to where no HTTP tracker can be.`);
}

/** A failure reason counts with any status, as some trackers send 4xx with theirs; without one, only 200 is a reply. */
function readReply<T>(response: Response, body: Uint8Array, decode: (body: Uint8Array) => T): T {
  if (response.statusCode === 200) return decode(body);
  let cause: unknown;
  try {
    decode(body);
  } catch (error) {
    if (error instanceof TrackerFailure) throw error;
    if (!(error instanceof SourceError)) throw error;
    cause = error;
  }
  throw new SourceError('ERR_TRACKER_STATUS', `The tracker answered with HTTP status ${response.statusCode}.`, {
    cause,
  });
}

async function readBody(response: Response, host: string, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      // Leaving the loop destroys the body, and with it the connection.
      if (length > TRACKER_REPLY_BYTES_MAX) throw tooLong(host);
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof SourceError ? error : networkFailure(error, host);
  }
  const body = Buffer.concat(chunks, length);
  return /^(?:x-)?gzip$/i.test(String(response.headers['content-encoding'])) ? decompress(body, host) : body;
}

/** Stops at the limit, so that a small reply cannot unfold into all of our memory. */
async function decompress(body: Uint8Array, host: string): Promise<Uint8Array> {
  try {
    return await unzip(body, { maxOutputLength: TRACKER_REPLY_BYTES_MAX });
  } catch (error) {
    if (!isNetworkFailure(error)) throw error;
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(host, error);
    throw new SourceError('ERR_TRACKER_REPLY', `The tracker ${host} sent a broken gzip stream.`, { cause: error });
  }
}

function tooLong(host: string, cause?: Error): SourceError {
  return new SourceError('ERR_TRACKER_REPLY', `The reply of the tracker ${host} is longer than 2 MiB.`, { cause });
}
