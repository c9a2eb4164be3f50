// Announces to and scrapes of UDP trackers (BEP 15): connection ids that are used for a minute, repetition of what
// got lost.
import { randomInt } from 'node:crypto';
import { SourceError } from '../../base/errors.ts';
import type { AnnounceRequest } from '../../engine/discovery/tracker-port.ts';
import type { AnnounceReply, ScrapeFigures } from '../../protocol/tracker/announce.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { retransmitAfterMs } from '../../protocol/tracker/retransmission.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import {
  encodeAnnounce,
  encodeConnect,
  encodeScrape,
  type Transaction,
  type UdpReply,
} from '../../protocol/tracker/udp-packets.ts';
import { UDP_CONNECTION_LIFE_MS, UDP_TRACKER_TRIES_MAX } from '../limits.ts';
import type { Egress } from '../net/egress.ts';
import { networkFailure } from './network-failure.ts';
import type { TrackerTarget } from './tracker-target.ts';
import { UdpExchange, type UdpTarget } from './udp-exchange.ts';

interface Connection {
  readonly id: Uint8Array;
  readonly expiresMs: number;
}

/** One question on its way to one address. */
interface Attempt {
  /** For messages. */
  readonly host: string;
  readonly target: UdpTarget;
  readonly encode: (transaction: Transaction) => Uint8Array;
  readonly signal: AbortSignal;
}

export class UdpAnnouncer {
  readonly #exchanges: Readonly<Record<AddressFamily, UdpExchange>>;
  readonly #egress: Egress;
  readonly #connections = new Map<string, Connection>();
  readonly #firstTimeoutMs: number | undefined;

  /** `firstTimeoutMs` replaces the 15 s of BEP 15; the following waits double as there. */
  constructor(egress: Egress, firstTimeoutMs?: number) {
    this.#egress = egress;
    this.#exchanges = { 4: new UdpExchange(4, egress), 6: new UdpExchange(6, egress) };
    this.#firstTimeoutMs = firstTimeoutMs;
  }

  /** Rejects with a SourceError, or with the signal's reason once it is aborted. */
  async announce(request: AnnounceRequest, at: TrackerTarget, signal: AbortSignal): Promise<AnnounceReply> {
    const { pathname, search } = new URL(request.url);
    const urlData = pathname === '/' && search === '' ? '' : pathname + search;
    const encode = (transaction: Transaction): Uint8Array => encodeAnnounce(transaction, request, urlData);
    const answer = await this.#ask(request.url, at, encode, signal);
    if (answer.type !== 'announce') throw nonsense(request.url);
    return answer.reply;
  }

  /** Asks for the figures of a swarm (BEP 15). Rejects as `announce` does. */
  async scrape(url: string, infoHash: Uint8Array, at: TrackerTarget, signal: AbortSignal): Promise<ScrapeFigures> {
    const answer = await this.#ask(url, at, (transaction) => encodeScrape(transaction, [infoHash]), signal);
    const figures = answer.type === 'scrape' ? answer.figures[0] : undefined;
    if (figures === undefined) throw nonsense(url);
    return figures;
  }

  /** Closes the sockets; announces under way must have been aborted before. */
  async close(): Promise<void> {
    await Promise.all([this.#exchanges[4].close(), this.#exchanges[6].close()]);
  }

  async #ask(text: string, at: TrackerTarget, encode: Attempt['encode'], signal: AbortSignal): Promise<UdpReply> {
    const url = new URL(text);
    if (url.port === '') {
      throw new SourceError('ERR_TRACKER_URL', `The URL of the UDP tracker ${url.hostname} names no port.`);
    }
    if (this.#egress.proxy?.kind === 'http') {
      throw new SourceError('ERR_PROXY_UDP', `The tracker ${url.host} speaks UDP, which an HTTP proxy does not carry.`);
    }
    const attempt = { host: url.host, target: { ...at, port: Number(url.port) }, encode, signal };
    try {
      for (let tries = 0; tries < UDP_TRACKER_TRIES_MAX; tries++) {
        const reply = await this.#try(attempt, retransmitAfterMs(tries, this.#firstTimeoutMs));
        if (reply !== undefined) return reply;
      }
    } catch (error) {
      // An address family that this machine cannot send to says so at once.
      if (signal.aborted || error instanceof SourceError) throw error;
      throw networkFailure(error, url.host);
    }
    throw new SourceError('ERR_TRACKER_TIMEOUT', `The tracker ${url.host} does not answer.`);
  }

  /** Connects unless we are connected, and asks, once each. Answers nothing when it has to be tried again. */
  async #try(attempt: Attempt, timeoutMs: number): Promise<UdpReply | undefined> {
    const { target, encode } = attempt;
    const known = this.#connection(target);
    const connectionId = known ?? (await this.#connect(attempt, timeoutMs));
    if (connectionId === undefined) return undefined;
    const reply = await this.#send(attempt, timeoutMs, (transactionId) => encode({ connectionId, transactionId }));
    if (reply?.type !== 'error') return reply?.type === 'connect' ? undefined : reply;
    // The tracker may have forgotten a connection id that we had kept: only a fresh one makes its refusal final.
    if (known === undefined) throw new TrackerFailure(reply.message);
    this.#connections.delete(keyOf(target));
    return undefined;
  }

  async #connect(attempt: Attempt, timeoutMs: number): Promise<Uint8Array | undefined> {
    const reply = await this.#send(attempt, timeoutMs, encodeConnect);
    if (reply?.type === 'error') throw new TrackerFailure(reply.message);
    if (reply?.type !== 'connect') return undefined;
    const nowMs = performance.now();
    for (const [key, { expiresMs }] of this.#connections) if (expiresMs <= nowMs) this.#connections.delete(key);
    const expiresMs = nowMs + UDP_CONNECTION_LIFE_MS;
    this.#connections.set(keyOf(attempt.target), { id: reply.connectionId, expiresMs });
    return reply.connectionId;
  }

  #connection(target: UdpTarget): Uint8Array | undefined {
    const connection = this.#connections.get(keyOf(target));
    return connection !== undefined && connection.expiresMs > performance.now() ? connection.id : undefined;
  }

  async #send(
    { target, signal }: Attempt,
    timeoutMs: number,
    encode: (transactionId: number) => Uint8Array,
  ): Promise<UdpReply | undefined> {
    const exchange = this.#exchanges[target.family];
    let transactionId = randomInt(2 ** 32);
    while (exchange.isWaiting(transactionId)) transactionId = randomInt(2 ** 32);
    return exchange.ask({ target, packet: encode(transactionId), transactionId, timeoutMs }, signal);
  }
}

function keyOf({ address, port }: UdpTarget): string {
  return `${address} ${port}`;
}

function nonsense(url: string): SourceError {
  return new SourceError('ERR_TRACKER_REPLY', `The tracker ${new URL(url).host} answered something else.`);
}
