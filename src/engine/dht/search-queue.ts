// The searches that the DHT is asked for, a few at a time. Each runs in both address families. Where we have several
// addresses of one (BEP 45), what is announced is announced from each of them, one after the other: a token is good for the
// address that it was given to, and the same nodes are not to be asked by all of ours at once.
import type { Clock } from '../../base/clock.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import type { Branch } from './branch.ts';
import type { DhtSearch } from './dht-search.ts';
import { ADDRESS_SPACING_MS, LOOKUPS_MAX } from './limits.ts';
import type { LookupCandidate } from './lookup.ts';
import { LookupRun } from './lookup-run.ts';

interface QueuedSearch {
  readonly search: DhtSearch;
  runs: LookupRun[];
  /** Addresses that it is still to be repeated from, and the nodes that answered so far: good ones to begin with. */
  others: Branch[];
  answered: NodeContact[];
  /** When the next of them is due. */
  dueMs: number;
}

export class SearchQueue {
  readonly #clock: Clock;
  readonly #branches: readonly Branch[];
  readonly #waiting = new Set<QueuedSearch>();
  readonly #running = new Set<QueuedSearch>();
  /** Between two addresses. */
  readonly #resting = new Set<QueuedSearch>();

  /** `branches`: of several of a family the first is the one that searches. */
  constructor(clock: Clock, branches: readonly Branch[]) {
    this.#clock = clock;
    this.#branches = branches;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Searches as soon as it is its turn, and there are nodes to ask. Returns what ends it, without a last word. */
  add(search: DhtSearch): () => void {
    const queued: QueuedSearch = { search, runs: [], others: [], answered: [], dueMs: 0 };
    this.#waiting.add(queued);
    return () => {
      for (const set of [this.#waiting, this.#running, this.#resting]) set.delete(queued);
      for (const run of queued.runs) run.cancel();
    };
  }

  /** Where look-ups take long, nobody who looks for something waits for those that tell of themselves. */
  tick(): void {
    if (this.#waiting.size + this.#resting.size === 0) return;
    this.#beginWaiting(false);
    const nowMs = this.#clock.nowMs();
    for (const queued of this.#resting) {
      if (this.#running.size >= LOOKUPS_MAX) return;
      if (nowMs >= queued.dueMs) this.#repeat(queued);
    }
    this.#beginWaiting(true);
  }

  #beginWaiting(patient: boolean): void {
    if (this.#waiting.size === 0) return;
    const ready = this.#branches.filter((branch) => branch.ready);
    if (ready.length === 0) return;
    for (const queued of this.#waiting) {
      if (this.#running.size >= LOOKUPS_MAX) return;
      if ((queued.search.patient ?? false) !== patient) continue;
      this.#waiting.delete(queued);
      this.#begin(queued, ready);
    }
  }

  /** Nobody is asked any more: whoever waits gets what there is. */
  close(): void {
    const open = [...this.#waiting, ...this.#running, ...this.#resting];
    for (const set of [this.#waiting, this.#running, this.#resting]) set.clear();
    for (const { search, runs } of open) {
      for (const run of runs) run.cancel();
      search.done();
    }
  }

  #begin(queued: QueuedSearch, ready: readonly Branch[]): void {
    const first = ready.filter(({ family }, at) => ready.findIndex((other) => other.family === family) === at);
    if (queued.search.everywhere) queued.others = ready.filter((branch) => !first.includes(branch));
    this.#running.add(queued);
    this.#run(queued, first);
  }

  #repeat(queued: QueuedSearch): void {
    this.#resting.delete(queued);
    this.#running.add(queued);
    this.#run(queued, queued.others.splice(0, 1));
  }

  #run(queued: QueuedSearch, branches: readonly Branch[]): void {
    const { search, answered } = queued;
    let left = branches.length;
    queued.runs = branches.map((branch) => {
      return new LookupRun(branch.node, {
        target: search.target,
        query: search.query,
        nodes: answered,
        heard: (reply, from, seenAs) => search.heard(reply, from, seenAs),
        done: (closest) => {
          this.#close(queued, branch, closest);
          if (--left === 0) this.#ended(queued);
        },
      });
    });
    for (const branch of branches) branch.askOurselves(search.query, search);
    for (const run of queued.runs) run.start();
  }

  #close(queued: QueuedSearch, branch: Branch, closest: readonly LookupCandidate[]): void {
    queued.search.closing(branch.node, closest);
    if (queued.others.length > 0) queued.answered.push(...closest.map(({ contact }) => contact));
  }

  #ended(queued: QueuedSearch): void {
    // Cancelled from inside its last answer, it has no last word.
    if (!this.#running.delete(queued)) return;
    if (queued.others.length === 0) return queued.search.done();
    queued.dueMs = this.#clock.nowMs() + ADDRESS_SPACING_MS;
    this.#resting.add(queued);
  }
}
