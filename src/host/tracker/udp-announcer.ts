// Announces to UDP trackers (BEP 15): name to address, connection ids that are used for a minute, repetition of what
// got lost.
import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { SourceError } from '../../base/errors.ts';
import type { AnnounceRequest } from '../../engine/discovery/tracker-port.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { retransmitAfterMs } from '../../protocol/tracker/retransmission.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { encodeAnnounce, encodeConnect, type UdpReply } from '../../protocol/tracker/udp-packets.ts';
import { UDP_CONNECTION_LIFE_MS, UDP_TRACKER_TRIES_MAX } from '../limits.ts';
import { isNetworkFailure, networkFailure } from './network-failure.ts';
import { UdpExchange, type UdpTarget } from './udp-exchange.ts';

interface Connection {
  readonly id: Uint8Array;
  readonly expiresMs: number;
}

/** One announce on its way to one address. */
interface Attempt {
  readonly request: AnnounceRequest;
  readonly target: UdpTarget;
  readonly urlData: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export class UdpAnnouncer {
  readonly #exchanges: Readonly<Record<AddressFamily, UdpExchange>> = { 4: new UdpExchange(4), 6: new UdpExchange(6) };
  readonly #connections = new Map<string, Connection>();
  readonly #firstTimeoutMs: number | undefined;

  /** `firstTimeoutMs` replaces the 15 s of BEP 15; the following waits double as there. */
  constructor(firstTimeoutMs?: number) {
    this.#firstTimeoutMs = firstTimeoutMs;
  }

  /** Rejects with a SourceError, or with the signal's reason once it is aborted. */
  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    const url = new URL(request.url);
    if (url.port === '') {
      throw new SourceError('ERR_TRACKER_URL', `The URL of the UDP tracker ${url.hostname} names no port.`);
    }
    let unreachable: SourceError | undefined;
    for (const target of await resolve(url, signal)) {
      try {
        return await this.#announceTo(target, request, signal);
      } catch (error) {
        // An address family that this machine cannot send to says so at once: try the tracker's other one.
        if (signal.aborted || !isNetworkFailure(error) || error instanceof SourceError) throw error;
        unreachable = networkFailure(error, url.host);
      }
    }
    throw unreachable ?? new SourceError('ERR_TRACKER_CONNECT', `The tracker ${url.host} has no address.`);
  }

  /** Closes the sockets; announces under way must have been aborted before. */
  async close(): Promise<void> {
    await Promise.all([this.#exchanges[4].close(), this.#exchanges[6].close()]);
  }

  async #announceTo(target: UdpTarget, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    const { host, pathname, search } = new URL(request.url);
    const urlData = pathname === '/' && search === '' ? '' : pathname + search;
    for (let tries = 0; tries < UDP_TRACKER_TRIES_MAX; tries++) {
      const timeoutMs = retransmitAfterMs(tries, this.#firstTimeoutMs);
      const reply = await this.#try({ request, target, urlData, signal, timeoutMs });
      if (reply !== undefined) return reply;
    }
    throw new SourceError('ERR_TRACKER_TIMEOUT', `The tracker ${host} does not answer.`);
  }

  /** Connects unless we are connected, and announces, once each. Answers nothing when it has to be tried again. */
  async #try(attempt: Attempt): Promise<AnnounceReply | undefined> {
    const { target } = attempt;
    const known = this.#connection(target);
    const connectionId = known ?? (await this.#connect(attempt));
    if (connectionId === undefined) return undefined;
    const reply = await this.#ask(attempt, (transactionId) =>
      encodeAnnounce({ connectionId, transactionId }, attempt.request, attempt.urlData),
    );
    if (reply?.type === 'announce') return reply.reply;
    if (reply?.type !== 'error') return undefined;
    // The tracker may have forgotten a connection id that we had kept: only a fresh one makes its refusal final.
    if (known === undefined) throw new TrackerFailure(reply.message);
    this.#connections.delete(keyOf(target));
    return undefined;
  }

  async #connect(attempt: Attempt): Promise<Uint8Array | undefined> {
    const reply = await this.#ask(attempt, encodeConnect);
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

  async #ask(attempt: Attempt, encode: (transactionId: number) => Uint8Array): Promise<UdpReply | undefined> {
    const { target, timeoutMs, signal } = attempt;
    const exchange = this.#exchanges[target.family];
    let transactionId = randomInt(2 ** 32);
    while (exchange.isWaiting(transactionId)) transactionId = randomInt(2 ** 32);
    return exchange.ask({ target, packet: encode(transactionId), transactionId, timeoutMs }, signal);
  }
}

function keyOf({ address, port }: UdpTarget): string {
  return `${address} ${port}`;
}

/** The first address of each family, in the system's order of preference. */
async function resolve(url: URL, signal: AbortSignal): Promise<UdpTarget[]> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const targets: UdpTarget[] = [];
  for (const { address, family } of await lookupUntil(name, url.host, signal)) {
    if (targets.some((target) => target.family === family)) continue;
    targets.push({ address, family: family === 6 ? 6 : 4, port: Number(url.port) });
  }
  return targets;
}

/** The resolver cannot be interrupted, but nobody has to wait for it. */
async function lookupUntil(
  name: string,
  host: string,
  signal: AbortSignal,
): Promise<{ readonly address: string; readonly family: number }[]> {
  signal.throwIfAborted();
  const answer = lookup(name, { all: true }).catch((error: unknown) => {
    throw networkFailure(error, host);
  });
  let aborted: (() => void) | undefined;
  const abortion = new Promise<never>((_, reject) => {
    aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted);
  });
  try {
    return await Promise.race([answer, abortion]);
  } finally {
    if (aborted !== undefined) signal.removeEventListener('abort', aborted);
  }
}
