// How a node gets into the network and stays in it (BEP 5): first the nodes of an earlier run, then those that torrents and
// peers name, and only when none of them answers the public routers. Then its neighbourhood, and now and then everything
// that has been silent for long.
import { type Clock, type Random, randomBelow } from '../../base/clock.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import type { KrpcReply } from '../../protocol/krpc/krpc-message.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { PeerAddress } from '../ports.ts';
import { type DhtNode, nodesOf } from './dht-node.ts';
import * as limits from './limits.ts';
import { LookupRun } from './lookup-run.ts';
import { endpointKey } from './routing-table.ts';
import { randomBytes } from './write-tokens.ts';

/** Hints that are asked at once. */
const HINTS_AT_ONCE = 8;

/** Buckets that are looked up as soon as our neighbourhood is known. */
const FIRST_REFRESHES = 2;

/** What upkeep works with. */
export interface UpkeepParts {
  readonly node: DhtNode;
  readonly clock: Clock;
  readonly random: Random;
  /** Asks for the addresses of the public routers; they come as hints. */
  readonly askRouters: () => void;
  /** Whether nodes of the other family are of use; they are told to it. */
  readonly wantsOther: () => boolean;
  readonly other: (nodes: readonly NodeContact[]) => void;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  /** Addresses to be asked, by their text. */
  readonly #hints = new Map<string, PeerAddress>();
  /** Nodes of an earlier run. */
  #saved: readonly NodeContact[] = [];
  #joining = false;
  #joined = false;
  #refreshing = false;
  #firstRefresh = 0;
  #startMs: number | undefined;
  #nextMs = Number.NEGATIVE_INFINITY;
  #staleMs = Number.NEGATIVE_INFINITY;
  #retryMs = Number.NEGATIVE_INFINITY;
  #retryDelayMs = limits.BOOTSTRAP_RETRY_MIN_MS;
  #otherMs = Number.NEGATIVE_INFINITY;
  #otherDelayMs = limits.BOOTSTRAP_RETRY_MIN_MS;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Our neighbourhood is known: look-ups lead somewhere. */
  get ready(): boolean {
    return this.#joined && this.#parts.node.table.size > 0;
  }

  /** These nodes were there in an earlier run. */
  remember(nodes: readonly NodeContact[]): void {
    this.#saved = nodes;
  }

  /** Somebody may run a node there. */
  hint(address: PeerAddress): void {
    // A name, which a proxy resolves, is admitted by whoever gave it: where it leads is known when it answers.
    // What has a colon is none, but an address with a zone perhaps.
    const named = !address.host.includes(':') && encodeAddress(address.host) === undefined;
    if (!(named || this.#parts.node.admits(address)) || this.#parts.node.table.find(address) !== undefined) return;
    if (this.#hints.size >= limits.HINTS_MAX) return;
    this.#hints.set(endpointKey(address), address);
    // A node without any goes there at once.
    if (this.#parts.node.table.size === 0) this.#nextMs = Number.NEGATIVE_INFINITY;
  }

  /** Our id is another one: its neighbourhood has to get to know us. */
  moved(): void {
    this.#retryMs = Number.NEGATIVE_INFINITY;
    this.#joined = false;
  }

  tick(): void {
    const nowMs = this.#parts.clock.nowMs();
    this.#startMs ??= nowMs;
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + limits.UPKEEP_INTERVAL_MS;
    this.#askHints();
    this.#greetBack();
    if (this.#joining || this.#refreshing) return;
    const few = this.#parts.node.table.size < limits.NODES_WANTED;
    if ((few || !this.#joined) && nowMs >= this.#retryMs) return this.#join(nowMs);
    this.#askForOther(nowMs);
    if (!this.#pingStale(nowMs)) this.#refreshIdle(nowMs);
  }

  #askHints(): void {
    const { node } = this.#parts;
    let left = HINTS_AT_ONCE;
    for (const [key, address] of this.#hints) {
      if (left-- === 0) return;
      this.#hints.delete(key);
      node.ask(address, this.#joinQuery(), {
        answered: (reply) => {
          this.#tellOther(reply);
          // The first to answer leads to our neighbourhood; a public router does not want to be asked more often.
          if (!this.#joined && !this.#joining) this.#join(this.#parts.clock.nowMs(), nodesOf(reply, node.family));
        },
        failed: () => undefined,
      });
    }
  }

  /** Who asked us, and may be worth a place in the table. */
  #greetBack(): void {
    const contact = this.#parts.node.takeGreeting();
    if (contact !== undefined) this.#ping(contact);
  }

  #join(nowMs: number, named: readonly NodeContact[] = []): void {
    const { node } = this.#parts;
    const nodes = [...named, ...this.#saved];
    this.#saved = [];
    this.#retryMs = nowMs + this.#retryDelayMs;
    this.#retryDelayMs = Math.min(limits.BOOTSTRAP_RETRY_MAX_MS, this.#retryDelayMs * 2);
    if (node.table.size === 0 && nodes.length === 0) return this.#askRouters(nowMs);
    this.#joining = true;
    const run = new LookupRun(node, {
      target: node.id,
      query: this.#joinQuery(),
      nodes,
      heard: (reply) => this.#tellOther(reply),
      done: () => {
        this.#joining = false;
        this.#joined = node.table.size > 0;
        if (this.#joined) this.#firstRefresh = 0;
        if (node.table.size >= limits.NODES_WANTED) this.#retryDelayMs = limits.BOOTSTRAP_RETRY_MIN_MS;
        // What was saved is gone: whoever else may know nodes is asked soon.
        else if (!this.#joined) this.#retryMs = Math.min(this.#retryMs, nowMs + limits.ROUTERS_PATIENCE_MS);
      },
    });
    run.start();
  }

  /** Others come first: they have a moment to name themselves. */
  #askRouters(nowMs: number): void {
    const patientUntilMs = this.#startMs! + limits.ROUTERS_PATIENCE_MS;
    if (nowMs >= patientUntilMs) return this.#parts.askRouters();
    this.#retryMs = patientUntilMs;
    this.#retryDelayMs = limits.BOOTSTRAP_RETRY_MIN_MS;
  }

  #joinQuery(): { method: 'find_node'; target: Uint8Array; want?: { n4: boolean; n6: boolean } } {
    const target = this.#parts.node.id;
    return { method: 'find_node', target, ...(this.#parts.wantsOther() && { want: { n4: true, n6: true } }) };
  }

  #tellOther(reply: KrpcReply): void {
    const other: AddressFamily = this.#parts.node.family === 4 ? 6 : 4;
    const nodes = nodesOf(reply, other);
    if (nodes.length > 0) this.#parts.other(nodes);
  }

  /** The other family has found no node yet: somebody of ours may know some (BEP 32). */
  #askForOther(nowMs: number): void {
    const { node, random, wantsOther } = this.#parts;
    if (nowMs < this.#otherMs || !wantsOther()) return;
    this.#otherMs = nowMs + this.#otherDelayMs;
    this.#otherDelayMs = Math.min(limits.BOOTSTRAP_RETRY_MAX_MS, this.#otherDelayMs * 2);
    const target = randomBytes(random, node.id.length);
    const query = { method: 'find_node' as const, target, want: { n4: true, n6: true } };
    const answered = (reply: KrpcReply): void => this.#tellOther(reply);
    for (const contact of node.table.closest(target, 2))
      node.ask(contact, query, { answered, failed: () => undefined });
  }

  #pingStale(nowMs: number): boolean {
    if (nowMs < this.#staleMs) return false;
    this.#staleMs = nowMs + limits.STALE_INTERVAL_MS;
    const stalest = this.#parts.node.table.stalest();
    if (stalest === undefined || stalest.seenMs > nowMs - limits.NODE_STALE_MS) return false;
    this.#ping(stalest);
    return true;
  }

  #ping(contact: NodeContact): void {
    const nothing = (): void => undefined;
    this.#parts.node.ask(contact, { method: 'ping' }, { answered: nothing, failed: nothing });
  }

  /** Looks for a node that nobody has: whoever is asked on the way fills the bucket. */
  #refreshIdle(nowMs: number): void {
    const { node, random } = this.#parts;
    const first = this.#firstRefresh < FIRST_REFRESHES ? this.#firstRefresh++ : undefined;
    const index = first ?? node.table.idleBucket(nowMs - limits.BUCKET_STALE_MS);
    if (index === undefined || node.table.size === 0) return;
    node.table.touchBucket(index, nowMs);
    const target = idInBucket(node.id, index, random);
    this.#refreshing = true;
    const done = (): void => {
      this.#refreshing = false;
    };
    new LookupRun(node, { target, query: { method: 'find_node', target }, done }).start();
  }
}

/** An id that shares exactly so many leading bits with ours. */
function idInBucket(own: Uint8Array, index: number, random: Random): Uint8Array {
  const id = randomBytes(random, own.length);
  const [byte, bit] = [index >> 3, index & 7];
  id.set(own.subarray(0, byte));
  const mask = 0xff >> bit;
  const flipped = own[byte]! ^ (0x80 >> bit);
  id[byte] = (flipped & ~(mask >> 1)) | (randomBelow(random, 256) & (mask >> 1));
  return id;
}
