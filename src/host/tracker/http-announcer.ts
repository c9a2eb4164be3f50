// Announces over HTTP and HTTPS (BEP 3). Redirects, decompression and the size of a reply are all bounded here; no
// connection is kept open after its reply, as half an hour lies between two announces.
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Agent, buildConnector, type Dispatcher, request as httpRequest } from 'undici';
import { SourceError } from '../../base/errors.ts';
import type { AnnounceRequest } from '../../engine/discovery/tracker-port.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import { decodeHttpAnnounceReply } from '../../protocol/tracker/http-announce-reply.ts';
import { httpAnnounceUrl } from '../../protocol/tracker/http-announce-url.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import {
  TRACKER_CONNECT_TIMEOUT_MS,
  TRACKER_CONNECTIONS_MAX,
  TRACKER_REDIRECTS_MAX,
  TRACKER_REPLY_BYTES_MAX,
} from '../limits.ts';
import { isNetworkFailure, networkFailure } from './network-failure.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const unzip = promisify(gunzip);

type Response = Dispatcher.ResponseData;

export class HttpAnnouncer {
  readonly #agent: Agent;
  /** Sockets that are still connecting: the agent would leave those to their connect timeout. */
  readonly #connecting = new Set<Duplex>();
  readonly #headers: { readonly 'user-agent': string; readonly 'accept-encoding': string };

  constructor(userAgent: string) {
    this.#headers = { 'user-agent': userAgent, 'accept-encoding': 'gzip' };
    const connect = buildConnector({ timeout: TRACKER_CONNECT_TIMEOUT_MS });
    this.#agent = new Agent({
      // No pipelining also means no keep-alive.
      pipelining: 0,
      connections: TRACKER_CONNECTIONS_MAX,
      // Not by a signal for all of them: every socket that ever listened to it would be kept for good.
      connect: (options, callback) => {
        const socket = connect(options, (...outcome) => {
          this.#connecting.delete(socket);
          callback(...outcome);
        }) as unknown as Duplex;
        this.#connecting.add(socket);
      },
    });
  }

  /** Rejects with a SourceError, or with the signal's reason once it is aborted. */
  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    let url = new URL(httpAnnounceUrl(request.url, request));
    for (let redirects = 0; redirects <= TRACKER_REDIRECTS_MAX; redirects++) {
      const response = await this.#get(url, signal);
      const location = response.headers['location'];
      if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string') {
        return readReply(response, await readBody(response, url.host, signal));
      }
      // A redirect's page is not read: its body complains about being cut off, which is what is meant.
      response.body.on('error', () => undefined).destroy();
      url = redirectTarget(location, url);
    }
    throw new SourceError('ERR_TRACKER_REDIRECT', `The tracker ${url.host} redirects in circles.`);
  }

  /** Ends every connection; announces under way fail. */
  async close(): Promise<void> {
    for (const socket of this.#connecting) socket.destroy();
    await this.#agent.destroy();
  }

  async #get(url: URL, signal: AbortSignal): Promise<Response> {
    try {
      return await httpRequest(url, { dispatcher: this.#agent, headers: this.#headers, signal });
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
function readReply(response: Response, body: Uint8Array): AnnounceReply {
  if (response.statusCode === 200) return decodeHttpAnnounceReply(body);
  let cause: unknown;
  try {
    decodeHttpAnnounceReply(body);
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
