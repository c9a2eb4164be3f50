// How many questions are answered: so many of one subscriber, so many of all. What is above that is not even refused: a
// refusal is a packet, too, and the address may be somebody else's.
import { isLoopback } from '../swarm/address-scope.ts';
import { subscriberOf } from '../swarm/subscriber.ts';
import { QUERIES_PER_HOST_BURST, QUERIES_PER_HOST_SECOND, QUERIES_PER_SECOND, QUERY_HOSTS_MAX } from './limits.ts';

interface Account {
  credit: number;
  sinceMs: number;
}

export class QueryLimiter {
  /** By subscriber, the one that asked last last. */
  readonly #subscribers = new Map<string, Account>();
  readonly #all: Account = { credit: QUERIES_PER_SECOND, sinceMs: Number.NEGATIVE_INFINITY };

  /** Whether to answer a question of this host. This machine's programs are no strangers, and share one address. */
  admits(host: string, nowMs: number): boolean {
    if (isLoopback(host)) return true;
    const subscriber = subscriberOf(host);
    const account = this.#subscribers.get(subscriber) ?? { credit: QUERIES_PER_HOST_BURST, sinceMs: nowMs };
    // Put in anew, it is the last to be forgotten.
    this.#subscribers.delete(subscriber);
    this.#subscribers.set(subscriber, account);
    if (this.#subscribers.size > QUERY_HOSTS_MAX) this.#subscribers.delete(this.#subscribers.keys().next().value!);
    if (!spend(account, QUERIES_PER_HOST_SECOND, QUERIES_PER_HOST_BURST, nowMs)) return false;
    return spend(this.#all, QUERIES_PER_SECOND, QUERIES_PER_SECOND, nowMs);
  }
}

function spend(account: Account, perSecond: number, creditMax: number, nowMs: number): boolean {
  account.credit = Math.min(creditMax, account.credit + ((nowMs - account.sinceMs) / 1000) * perSecond);
  account.sinceMs = nowMs;
  if (account.credit < 1) return false;
  account.credit--;
  return true;
}
