// Carries a look-up out: sends what it decides to ask, and tells it what comes of that.
import { equalBytes } from '../../base/bytes.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import type { KrpcQuery, KrpcReply } from '../../protocol/krpc/krpc-message.ts';
import { isBoundTo } from '../../protocol/krpc/node-id.ts';
import { SCOPE_GLOBAL, scopeOf } from '../swarm/address-scope.ts';
import { type DhtNode, nodesOf } from './dht-node.ts';
import { LOOKUP_CANDIDATES_MAX, NODES_PER_ANSWER } from './limits.ts';
import { type Judgement, Lookup, type LookupCandidate } from './lookup.ts';
import { endpointKey } from './routing-table.ts';

/** What a look-up is for. */
export interface LookupTask {
  readonly target: Uint8Array;
  /** What every node on the way is asked. */
  readonly query: KrpcQuery;
  /** Nodes to begin with, beside those of the table. */
  readonly nodes?: readonly NodeContact[];
  heard?(reply: KrpcReply, from: NodeContact, seenAs: string | undefined): void;
  /** The end, exactly once unless cancelled; perhaps from inside `start`. */
  done(closest: readonly LookupCandidate[], lookup: Lookup): void;
}

export class LookupRun {
  readonly lookup: Lookup;
  readonly #node: DhtNode;
  readonly #task: LookupTask;
  #over = false;

  constructor(node: DhtNode, task: LookupTask) {
    this.#node = node;
    this.#task = task;
    const known = node.table.closest(task.target, NODES_PER_ANSWER * 2);
    this.lookup = new Lookup({
      target: task.target,
      nodes: [...known, ...(task.nodes ?? [])].slice(0, LOOKUP_CANDIDATES_MAX),
      judge: (contact, teller) => this.#judge(contact, teller),
    });
  }

  start(): void {
    this.#pump();
  }

  /** Nobody waits for the outcome any more: nothing more is asked. */
  cancel(): void {
    this.#over = true;
  }

  #pump(): void {
    if (this.#over) return;
    for (const candidate of this.lookup.next()) this.#ask(candidate);
    if (!this.lookup.finished) return;
    this.#over = true;
    this.#task.done(this.lookup.closest(), this.lookup);
  }

  #ask(candidate: LookupCandidate): void {
    const { contact } = candidate;
    const asked = this.#node.ask(contact, this.#task.query, {
      answered: (reply, seenAs) => {
        if (this.#over) return;
        this.lookup.answered(candidate, reply.id, nodesOf(reply, this.#node.family), reply.token);
        if (candidate.state === 'answered') this.#task.heard?.(reply, contact, seenAs);
        this.#pump();
      },
      failed: () => {
        this.lookup.failed(candidate);
        this.#pump();
      },
      slow: () => {
        this.lookup.slow(candidate);
        this.#pump();
      },
    });
    if (!asked) this.lookup.failed(candidate);
  }

  #judge(contact: NodeContact, teller: NodeContact | undefined): Judgement | undefined {
    if (equalBytes(contact.id, this.#node.id)) return undefined;
    const scope = this.#node.scopeOf(contact);
    if (scope === 0 || (teller !== undefined && scope < scopeOf(teller.host))) return undefined;
    const isGlobal = scope === SCOPE_GLOBAL;
    return {
      // In a private network many nodes may share a machine.
      place: isGlobal ? contact.host : endpointKey(contact),
      bound: !isGlobal || isBoundTo(contact.id, contact.host),
    };
  }
}
