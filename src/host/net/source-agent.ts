// HTTP requests to trackers and to web servers that have a torrent file, over connections that the way out opens: the one file
// that takes in the HTTP library, which would open its own.
import type { Socket } from 'node:net';
import { Agent, type buildConnector, type Dispatcher, request } from 'undici';
import { TRACKER_CONNECT_TIMEOUT_MS, TRACKER_CONNECTIONS_MAX } from '../limits.ts';
import type { Egress, Opening } from './egress.ts';
import type { Refusal } from './names.ts';
import { openSource } from './source-socket.ts';

export type SourceResponse = Dispatcher.ResponseData;

/** What a request may say. */
export interface SourceRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Longest silence before and in an answer. Default: the library's. */
  readonly silenceMs?: number;
}

export class SourceAgent {
  readonly #agent: Agent;
  readonly #egress: Egress;
  readonly #refusal: Refusal;
  /** What is still connecting: the agent would leave that to its connect timeout. */
  readonly #connecting = new Set<{ fail(error: Error): void }>();

  /** `refusal`: why an address must not be dialled. By default whoever asks has judged it before. */
  constructor(egress: Egress, refusal: Refusal = () => undefined) {
    this.#egress = egress;
    this.#refusal = refusal;
    this.#agent = new Agent({
      // No pipelining also means no keep-alive.
      pipelining: 0,
      connections: TRACKER_CONNECTIONS_MAX,
      connect: (options, callback) => this.#connect(options, callback),
    });
  }

  /** Asks with GET. Redirects are not followed. Rejects with whatever the connection or the library failed with. */
  get(url: URL, { headers, signal, silenceMs }: SourceRequest): Promise<SourceResponse> {
    const patience = silenceMs === undefined ? {} : { headersTimeout: silenceMs, bodyTimeout: silenceMs };
    return request(url, { dispatcher: this.#agent, headers, signal, ...patience });
  }

  /** Ends every connection; requests under way fail. */
  async close(): Promise<void> {
    const closed = Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
    for (const connecting of this.#connecting) connecting.fail(closed);
    await this.#agent.destroy();
  }

  #connect(options: buildConnector.Options, callback: buildConnector.Callback): void {
    const { hostname, protocol, port, servername } = options;
    const secure = protocol === 'https:';
    const target = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (secure ? 443 : 80) : Number(port),
      secure,
      ...(typeof servername === 'string' && servername !== '' && { serverName: servername }),
    };
    let opening: Opening | undefined;
    const settle = (): boolean => {
      clearTimeout(timer);
      return this.#connecting.delete(connecting);
    };
    const connecting = {
      fail: (error: Error): void => {
        if (!settle()) return;
        opening?.destroy();
        callback(error, null);
      },
    };
    const late = Object.assign(new Error('no answer to the connection attempt'), { code: 'ETIMEDOUT' });
    const timer = setTimeout(connecting.fail, TRACKER_CONNECT_TIMEOUT_MS, late);
    this.#connecting.add(connecting);
    opening = openSource(this.#egress, target, {
      refusal: this.#refusal,
      opened: (socket: Socket) => {
        if (settle()) callback(null, socket);
        else socket.destroy();
      },
      failed: connecting.fail,
    });
  }
}
