// One iterative look-up (BEP 5, Kademlia): asks ever nearer nodes until the nearest ones have answered. It decides whom to
// ask; the node that runs it sends and listens. Nodes that do not answer hold it up little: others are asked beside them.
import { equalBytes } from '../../base/bytes.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import { compareDistance } from '../../protocol/krpc/node-id.ts';
import {
  LIES_MAX,
  LOOKUP_CANDIDATES_MAX,
  LOOKUP_IN_FLIGHT_MAX,
  LOOKUP_PARALLEL,
  LOOKUP_QUERIES_MAX,
  NODES_PER_ANSWER,
} from './limits.ts';

/** A node that may be asked. */
export interface LookupCandidate extends Judgement {
  readonly contact: NodeContact;
  /** Who named it; `undefined` for those that we knew. */
  readonly teller: LookupCandidate | undefined;
  state: 'fresh' | 'asked' | 'slow' | 'answered' | 'failed';
  /** What it gave us to write to it with. */
  token?: Uint8Array;
  /** Nodes that it named and that did not answer. */
  lies: number;
}

/** What is known of a node by its address. */
export interface Judgement {
  /** No two nodes of a look-up share one: there is one node for each address of the internet. */
  readonly place: string;
  /** Its id fits its address, or need not (BEP 42). */
  readonly bound: boolean;
}

export interface LookupParts {
  readonly target: Uint8Array;
  /** Nodes to begin with. */
  readonly nodes: readonly NodeContact[];
  /** What there is to say of a node; `undefined` for one that is not to be asked: of the wrong family, a stranger's private address, ourselves. */
  readonly judge: (contact: NodeContact, teller: NodeContact | undefined) => Judgement | undefined;
}

export class Lookup {
  readonly target: Uint8Array;
  /** Nearest first. */
  readonly #candidates: LookupCandidate[] = [];
  readonly #places = new Set<string>();
  readonly #parts: LookupParts;
  #inFlight = 0;
  #prompt = 0;
  #asked = 0;

  constructor(parts: LookupParts) {
    this.#parts = parts;
    this.target = parts.target;
    for (const contact of parts.nodes) this.#learn(contact, undefined);
  }

  /** Whom to ask now; each is taken to have been asked. */
  next(): LookupCandidate[] {
    const chosen: LookupCandidate[] = [];
    for (let candidate = this.#nextOne(); candidate !== undefined; candidate = this.#nextOne()) {
      candidate.state = 'asked';
      this.#asked++;
      this.#inFlight++;
      this.#prompt++;
      chosen.push(candidate);
    }
    return chosen;
  }

  /** It takes its time: somebody else is asked beside it. */
  slow(candidate: LookupCandidate): void {
    if (candidate.state !== 'asked') return;
    candidate.state = 'slow';
    this.#prompt--;
  }

  /** The node answered and named others. One that answers under another id than it was named with is not who was looked for. */
  answered(candidate: LookupCandidate, id: Uint8Array, named: readonly NodeContact[], token?: Uint8Array): void {
    if (!this.#settle(candidate)) return;
    if (!equalBytes(candidate.contact.id, id)) return this.#lied(candidate);
    candidate.state = 'answered';
    if (token !== undefined) candidate.token = token;
    for (const contact of named) this.#learn(contact, candidate);
  }

  failed(candidate: LookupCandidate): void {
    if (this.#settle(candidate)) this.#lied(candidate);
  }

  /**
   * Nothing more is to be asked, and nothing waited for: the nearest nodes have answered, or nobody is left. Slow nodes are
   * waited for only as long as too few others have answered.
   */
  get finished(): boolean {
    if (this.#inFlight === 0) return this.#nextOne() === undefined;
    let answered = 0;
    for (const candidate of this.#candidates) {
      if (candidate.state === 'answered' && candidate.bound && ++answered >= NODES_PER_ANSWER) return true;
      if (candidate.state === 'asked' || (candidate.state === 'fresh' && !this.#doubtful(candidate))) return false;
    }
    return false;
  }

  /** The nearest nodes that answered, nearest first: those whose ids fit, and whoever else is among the nearest. */
  closest(): LookupCandidate[] {
    const answered = this.#candidates.filter(({ state }) => state === 'answered');
    const bound = answered.filter((candidate) => candidate.bound).slice(0, NODES_PER_ANSWER);
    const others = answered.slice(0, NODES_PER_ANSWER).filter((candidate) => !candidate.bound);
    return [...bound, ...others];
  }

  #nextOne(): LookupCandidate | undefined {
    if (this.#asked >= LOOKUP_QUERIES_MAX || this.#inFlight >= LOOKUP_IN_FLIGHT_MAX) return undefined;
    if (this.#prompt >= LOOKUP_PARALLEL) return undefined;
    let answered = 0;
    let doubtful: LookupCandidate | undefined;
    for (const candidate of this.#candidates) {
      if (candidate.state === 'answered' && candidate.bound && ++answered >= NODES_PER_ANSWER) break;
      if (candidate.state !== 'fresh') continue;
      if (!this.#doubtful(candidate)) return candidate;
      doubtful ??= candidate;
    }
    // Whoever a liar named is asked when there is nobody else, and nothing to wait for.
    return this.#inFlight === 0 && answered < NODES_PER_ANSWER ? doubtful : undefined;
  }

  #doubtful({ teller }: LookupCandidate): boolean {
    return teller !== undefined && teller.lies >= LIES_MAX;
  }

  /** A node that was named to us does not answer: that speaks against who named it. */
  #lied(candidate: LookupCandidate): void {
    candidate.state = 'failed';
    if (candidate.teller !== undefined) candidate.teller.lies++;
  }

  /** Returns whether an answer was still waited for. */
  #settle(candidate: LookupCandidate): boolean {
    if (candidate.state !== 'asked' && candidate.state !== 'slow') return false;
    if (candidate.state === 'asked') this.#prompt--;
    this.#inFlight--;
    return true;
  }

  #learn(contact: NodeContact, teller: LookupCandidate | undefined): void {
    const judgement = this.#parts.judge(contact, teller?.contact);
    if (judgement === undefined || this.#places.has(judgement.place)) return;
    this.#places.add(judgement.place);
    const candidate = { contact, teller, state: 'fresh' as const, lies: 0, ...judgement };
    let low = 0;
    for (let high = this.#candidates.length; low < high; ) {
      const middle = (low + high) >> 1;
      const nearer = compareDistance(this.target, this.#candidates[middle]!.contact.id, contact.id) <= 0;
      if (nearer) low = middle + 1;
      else high = middle;
    }
    this.#candidates.splice(low, 0, candidate);
    if (this.#candidates.length <= LOOKUP_CANDIDATES_MAX) return;
    // The farthest that is of no use goes; it may be named again.
    const useless = this.#candidates.findLastIndex(({ state }) => state === 'fresh' || state === 'failed');
    if (useless < 0) return;
    const [gone] = this.#candidates.splice(useless, 1);
    this.#places.delete(gone!.place);
  }
}
