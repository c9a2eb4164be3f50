// The engine's TrackerPort over real sockets: one announce per ticket, over HTTP, HTTPS or UDP as its URL says.
import { assert } from '../../base/assert.ts';
import { SourceError } from '../../base/errors.ts';
import type { AnnounceRequest, TrackerPort, TrackerSink } from '../../engine/discovery/tracker-port.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { HttpAnnouncer } from './http-announcer.ts';
import { UdpAnnouncer } from './udp-announcer.ts';

export interface TrackerClientSettings {
  /** Program and version, as HTTP trackers get to see it. */
  readonly userAgent: string;
  /** How long a UDP tracker's first answer is waited for. Default 15 s (BEP 15). */
  readonly udpFirstTimeoutMs?: number;
}

export class TrackerClient implements TrackerPort {
  readonly #sink: TrackerSink;
  readonly #userAgent: string;
  /** Loaded with the first HTTP announce: its library takes a tenth of a second, which many downloads never need. */
  #http: Promise<HttpAnnouncer> | undefined;
  readonly #udp: UdpAnnouncer;
  /** Announces that the sink still waits for. */
  readonly #tickets = new Map<number, AbortController>();
  /** Everything under way, cancelled announces too until they have ended. */
  readonly #running = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(sink: TrackerSink, settings: TrackerClientSettings) {
    this.#sink = sink;
    this.#userAgent = settings.userAgent;
    this.#udp = new UdpAnnouncer(settings.udpFirstTimeoutMs);
  }

  announce(ticket: number, request: AnnounceRequest): void {
    assert(this.#closed === undefined, 'nobody announces after close');
    assert(!this.#tickets.has(ticket), 'a ticket is used once');
    const controller = new AbortController();
    this.#tickets.set(ticket, controller);
    const run = this.#run(ticket, request, controller).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  cancel(ticket: number): void {
    const controller = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    controller?.abort(new SourceError('ERR_TRACKER_CANCELLED', 'The announce was cancelled.'));
  }

  /** Cancels every announce and closes every socket. May be called again; all calls end together. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const ticket of this.#tickets.keys()) this.cancel(ticket);
    await (await this.#http)?.close();
    await Promise.all(this.#running);
    await this.#udp.close();
  }

  #loadHttp(): Promise<HttpAnnouncer> {
    this.#http ??= import('./http-announcer.ts').then((module) => new module.HttpAnnouncer(this.#userAgent));
    return this.#http;
  }

  async #run(ticket: number, request: AnnounceRequest, controller: AbortController): Promise<void> {
    const { signal } = controller;
    const timer = setTimeout(() => {
      const seconds = Math.round(request.timeoutMs / 1000);
      controller.abort(new SourceError('ERR_TRACKER_TIMEOUT', `The tracker has not answered within ${seconds} s.`));
    }, request.timeoutMs);
    const answer = await this.#ask(request, signal).catch((error: unknown) => {
      // An aborted call may fail with an error of its own; what counts is why it was aborted.
      const cause: unknown = signal.aborted ? signal.reason : error;
      if (cause instanceof SourceError) return cause;
      throw cause;
    });
    clearTimeout(timer);
    if (this.#tickets.get(ticket) !== controller) return;
    this.#tickets.delete(ticket);
    this.#sink.announced(ticket, answer);
  }

  async #ask(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    const protocol = URL.canParse(request.url) ? new URL(request.url).protocol : '';
    if (protocol === 'udp:') return this.#udp.announce(request, signal);
    if (protocol === 'http:' || protocol === 'https:') return (await this.#loadHttp()).announce(request, signal);
    throw new SourceError('ERR_TRACKER_URL', 'The tracker has no URL that starts with http, https or udp.');
  }
}
