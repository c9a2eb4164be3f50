// The engine's TrackerPort over real sockets: one announce per ticket, over HTTP, HTTPS or UDP as its URL says.
import { isIPv6 } from 'node:net';
import { assert } from '../../base/assert.ts';
import { SourceError } from '../../base/errors.ts';
import { maySendTo, sourceRefusal } from '../../engine/discovery/source-guard.ts';
import type { AnnounceRequest, TrackerPort, TrackerSink } from '../../engine/discovery/tracker-port.ts';
import { portTowards } from '../../engine/portmap/own-ports.ts';
import type { AnnounceReply, ScrapeFigures } from '../../protocol/tracker/announce.ts';
import { scrapeUrl } from '../../protocol/tracker/http-scrape.ts';
import { mergeReplies } from '../../protocol/tracker/merged-reply.ts';
import { PROXIED_ANNOUNCE_PORT, SCRAPE_TIMEOUT_MS } from '../limits.ts';
import { DIRECT, type Egress } from '../net/egress.ts';
import { askEach } from './each-family.ts';
import type { HttpAnnouncer } from './http-announcer.ts';
import { type AskAt, askInTurn } from './next-address.ts';
import { byFamily, type TrackerLookup, type TrackerTarget, TrackerTargets } from './tracker-target.ts';
import { UdpAnnouncer } from './udp-announcer.ts';

export interface TrackerClientSettings {
  /** Program and version, as HTTP trackers get to see it. */
  readonly userAgent: string;
  /** How long a UDP tracker's first answer is waited for. Default 15 s (BEP 15). */
  readonly udpFirstTimeoutMs?: number;
  /** When a name's next address is asked beside one that is silent. Default 5 s. */
  readonly nextAddressMs?: number;
  /** Asks whatever a torrent names, also in this network. Default false. */
  readonly allowLocal?: boolean;
  /** The way to them. Default: straight. */
  readonly egress?: Egress;
  /** Looks names up. Default: the system, or nobody here when a proxy does. */
  readonly lookup?: TrackerLookup;
}

export class TrackerClient implements TrackerPort {
  readonly #sink: TrackerSink;
  readonly #userAgent: string;
  readonly #allowLocal: boolean;
  /** Loaded with the first HTTP announce: its library takes a tenth of a second, which many downloads never need. */
  #http: Promise<HttpAnnouncer> | undefined;
  readonly #udp: UdpAnnouncer;
  readonly #egress: Egress;
  readonly #targets: TrackerTargets;
  readonly #nextAddressMs: number | undefined;
  /** Announces that the sink still waits for. */
  readonly #tickets = new Map<number, AbortController>();
  readonly #scrapes = new Set<AbortController>();
  /** Everything under way, cancelled announces too until they have ended. */
  readonly #running = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(sink: TrackerSink, settings: TrackerClientSettings) {
    this.#sink = sink;
    this.#userAgent = settings.userAgent;
    this.#allowLocal = settings.allowLocal ?? false;
    this.#nextAddressMs = settings.nextAddressMs;
    const egress = settings.egress ?? DIRECT;
    this.#egress = egress;
    this.#udp = new UdpAnnouncer(egress, settings.udpFirstTimeoutMs);
    const lookup = settings.lookup ?? lookupOf(egress);
    this.#targets = new TrackerTargets(this.#allowLocal ? () => undefined : refusal, lookup);
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
    const closed = new SourceError('ERR_TRACKER_CANCELLED', 'The scrape was cancelled.');
    for (const controller of this.#scrapes) controller.abort(closed);
    await (await this.#http)?.close();
    await Promise.all(this.#running);
    await this.#udp.close();
  }

  #loadHttp(): Promise<HttpAnnouncer> {
    this.#http ??= import('./http-announcer.ts').then(
      (module) => new module.HttpAnnouncer(this.#userAgent, this.#targets, this.#egress),
    );
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
    const { url, announcer } = await this.#announcerOf(request.url);
    const targets = await this.#targets.of(url, false, signal);
    const port = request.port === 0 && this.#egress.proxy !== undefined ? PROXIED_ANNOUNCE_PORT : request.port;
    const ask: AskAt<AnnounceReply> = async (target, limit) => {
      const reply = await announcer.announce(addressedTo(target, { ...request, port }), target, limit);
      return { ...reply, peers: reply.peers.filter(({ host }) => this.#allowLocal || maySendTo(target.address, host)) };
    };
    return mergeReplies(await this.#askAll(targets, ask, signal));
  }

  /**
   * Asks for the figures of a swarm without taking part in it (BEP 15, 48). Rejects with a SourceError:
   * ERR_TRACKER_SCRAPE when this tracker has no URL for that.
   */
  async scrape(trackerUrl: string, infoHash: Uint8Array): Promise<ScrapeFigures> {
    const late = new SourceError('ERR_TRACKER_TIMEOUT', 'The tracker has not answered in time.');
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(late), SCRAPE_TIMEOUT_MS);
    this.#scrapes.add(controller);
    try {
      const { url, announcer } = await this.#announcerOf(trackerUrl);
      const asked = url.protocol === 'udp:' ? trackerUrl : scrapeUrl(trackerUrl);
      if (asked === undefined) {
        throw new SourceError('ERR_TRACKER_SCRAPE', `The tracker ${url.host} cannot be asked without taking part.`);
      }
      const targets = await this.#targets.of(new URL(asked), false, signal);
      const ask: AskAt<ScrapeFigures> = (target, limit) => announcer.scrape(asked, infoHash, target, limit);
      const [first, second = first] = await this.#askAll(targets, ask, signal);
      return {
        seeds: Math.max(first!.seeds, second!.seeds),
        downloads: Math.max(first!.downloads, second!.downloads),
        leeches: Math.max(first!.leeches, second!.leeches),
      };
    } finally {
      clearTimeout(timer);
      this.#scrapes.delete(controller);
    }
  }

  /** Over both families at once, and at the addresses of each in turn. */
  #askAll<T>(targets: readonly TrackerTarget[], ask: AskAt<T>, signal: AbortSignal): Promise<readonly T[]> {
    const asks = byFamily(targets).map((addresses) => {
      return (limit: AbortSignal): Promise<T> => askInTurn(addresses, ask, limit, this.#nextAddressMs);
    });
    return askEach(asks, signal);
  }

  async #announcerOf(text: string): Promise<{ url: URL; announcer: HttpAnnouncer | UdpAnnouncer }> {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === 'udp:') return { url, announcer: this.#udp };
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return { url, announcer: await this.#loadHttp() };
    throw new SourceError('ERR_TRACKER_URL', 'The tracker has no URL that starts with http, https or udp.');
  }
}

/** A tracker of the internet tells peers of the port that they reach us by; one of our own network, of the port that is ours. */
function addressedTo({ address }: TrackerTarget, request: AnnounceRequest): AnnounceRequest {
  const { port, mappedPorts } = request;
  return {
    ...request,
    port: portTowards(address, { listenPort: () => port, mappedPorts: mappedPorts && (() => mappedPorts) }),
  };
}

/** Behind a proxy a name is told to nobody but the proxy. */
function lookupOf(egress: Egress): TrackerLookup {
  if (egress.proxy === undefined) return (name) => egress.names.addresses(name);
  return (name) => Promise.resolve([{ address: name, family: isIPv6(name) ? 6 : 4 }]);
}

/**
 * What of this network trackers are asked for. The URL of a UDP tracker need not have a path; one that it has is sent along
 * (BEP 41), and has to be a tracker's as over HTTP.
 */
function refusal(url: URL, sentFromAfar: boolean, address: string): string | undefined {
  const bare = url.protocol === 'udp:' && (url.pathname === '' || url.pathname === '/') && url.search === '';
  const path = bare ? '/announce' : url.pathname;
  return sourceRefusal({ kind: 'tracker', path, query: url.search, sentFromAfar }, address);
}
