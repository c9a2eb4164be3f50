// Questions that wait for their answers (BEP 5, "transaction id"). An answer counts only from the address that was asked.
import { readUint16, writeUint16 } from '../../base/bytes.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import type { KrpcReply } from '../../protocol/krpc/krpc-message.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import type { PeerAddress } from '../ports.ts';
import { QUERIES_IN_FLIGHT_MAX, QUERY_SLOW_MAX_MS, QUERY_SLOW_MIN_MS, QUERY_TIMEOUT_MS } from './limits.ts';

const TRANSACTION_BYTES = 2;

/** Usual round trips after which an answer is late, and the weight of the newest in their average. */
const SLOW_ROUND_TRIPS = 3;
const ROUND_TRIP_WEIGHT = 0.1;
const ROUND_TRIP_START_MS = 250;

/** Who waits for an answer; `seenAs` is the host that we have in the eyes of who answered. Exactly one of `answered` and `failed` comes, `slow` perhaps before. */
export interface QueryListener {
  answered(reply: KrpcReply, seenAs: string | undefined): void;
  /** No answer in time, or an error: its code, 0 for silence. */
  failed(code: number): void;
  slow?(): void;
}

interface OpenQuery {
  readonly to: PeerAddress;
  readonly listener: QueryListener;
  readonly sentMs: number;
  readonly slowMs: number;
  late: boolean;
}

export class QueryBook {
  /** By transaction number, oldest first. */
  readonly #open = new Map<number, OpenQuery>();
  #next: number;
  /** How long answers take, on average. */
  #roundTripMs = ROUND_TRIP_START_MS;

  constructor(random: Random) {
    this.#next = randomBelow(random, 2 ** 16);
  }

  /** Returns the transaction id for a question; `undefined` when too many wait already. */
  begin(to: PeerAddress, listener: QueryListener, nowMs: number): Uint8Array | undefined {
    if (this.#open.size >= QUERIES_IN_FLIGHT_MAX) return undefined;
    while (this.#open.has(this.#next)) this.#next = (this.#next + 1) & 0xffff;
    const slow = Math.min(QUERY_SLOW_MAX_MS, Math.max(QUERY_SLOW_MIN_MS, this.#roundTripMs * SLOW_ROUND_TRIPS));
    this.#open.set(this.#next, { to, listener, sentMs: nowMs, slowMs: nowMs + slow, late: false });
    const transaction = new Uint8Array(TRANSACTION_BYTES);
    writeUint16(transaction, 0, this.#next);
    this.#next = (this.#next + 1) & 0xffff;
    return transaction;
  }

  /** Takes out the question that this answer is to; `undefined` when it is to none. */
  settle(transaction: Uint8Array, from: PeerAddress, nowMs: number): QueryListener | undefined {
    if (transaction.length !== TRANSACTION_BYTES) return undefined;
    const number = readUint16(transaction, 0);
    const query = this.#open.get(number);
    if (query === undefined || query.to.port !== from.port) return undefined;
    // Where a name leads that a proxy resolves is known by the answer alone.
    if (query.to.host !== from.host && encodeAddress(query.to.host) !== undefined) return undefined;
    this.#open.delete(number);
    this.#roundTripMs += (nowMs - query.sentMs - this.#roundTripMs) * ROUND_TRIP_WEIGHT;
    return query.listener;
  }

  /** Tells of what is late, and takes out what failed, with the addresses that were silent. */
  tick(nowMs: number): PeerAddress[] {
    const silent: PeerAddress[] = [];
    for (const [number, query] of this.#open) {
      if (nowMs >= query.sentMs + QUERY_TIMEOUT_MS) {
        this.#open.delete(number);
        silent.push(query.to);
        query.listener.failed(0);
      } else if (!query.late && nowMs >= query.slowMs) {
        query.late = true;
        query.listener.slow?.();
      }
    }
    return silent;
  }

  /** When `tick` has something to do. */
  get idle(): boolean {
    return this.#open.size === 0;
  }
}
