// Asks nodes which torrents they know of (BEP 51). A survey goes from node to node all over the key space: each is asked once,
// with a target of its own, so that the nodes that it names lead on. All surveys together ask a few nodes a second, and nobody
// again before the time that he asked for.
import { equalBytes } from '../../base/bytes.ts';
import type { Clock, Random } from '../../base/clock.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import type { KrpcReply } from '../../protocol/krpc/krpc-message.ts';
import { NODE_ID_BYTES } from '../../protocol/krpc/node-id.ts';
import { SCOPE_GLOBAL, scopeOf } from '../swarm/address-scope.ts';
import type { Branch } from './branch.ts';
import { nodesOf } from './dht-node.ts';
import {
  SAMPLE_PERIOD_MS,
  SAMPLED_NODES_MAX,
  SURVEY_FRONTIER_MAX,
  SURVEY_IN_FLIGHT_MAX,
  SURVEY_PERIOD_MAX_MS,
  SURVEY_QUERIES_PER_SECOND,
} from './limits.ts';
import { endpointKey } from './routing-table.ts';
import { randomBytes } from './write-tokens.ts';

/** What a node told of itself. */
export interface Sample {
  readonly node: NodeContact;
  /** 20 bytes each. */
  readonly infoHashes: readonly Uint8Array[];
  /** How many it knows of in all; `undefined` when it does not say. */
  readonly total: number | undefined;
  /** It tells nothing new before. */
  readonly intervalSeconds: number;
}

/** What a survey is to do, and who hears of it. */
export interface SurveyTask {
  /** Nodes that are asked at most. */
  readonly nodesMax: number;
  sampled(sample: Sample): void;
  /** Nobody is left, enough were asked, or the DHT is closed: exactly once, unless cancelled. */
  done(asked: number, answered: number): void;
}

export interface SurveysParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly branches: readonly Branch[];
}

interface Step {
  readonly branch: Branch;
  readonly contact: NodeContact;
}

interface Survey {
  readonly task: SurveyTask;
  /** Nodes to be asked; each address once. */
  readonly frontier: Step[];
  readonly known: Set<string>;
  asked: number;
  answered: number;
  inFlight: number;
  begun: boolean;
}

export class SampleSurveys {
  readonly #parts: SurveysParts;
  readonly #surveys = new Set<Survey>();
  /** When a node may be asked again, by its address, over all surveys: the one that was asked last last. */
  readonly #restUntilMs = new Map<string, number>();
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SurveysParts) {
    this.#parts = parts;
  }

  /** Begins as soon as there are nodes to ask. Returns what ends it, without a last word. */
  begin(task: SurveyTask): () => void {
    const survey = { task, frontier: [], known: new Set<string>(), asked: 0, answered: 0, inFlight: 0, begun: false };
    this.#surveys.add(survey);
    return () => void this.#surveys.delete(survey);
  }

  tick(): void {
    const nowMs = this.#parts.clock.nowMs();
    if (this.#surveys.size === 0) return;
    this.#nextMs = Math.max(this.#nextMs, nowMs - 1000);
    for (const survey of [...this.#surveys]) {
      if (!survey.begun) this.#enter(survey);
      while (this.#nextMs <= nowMs && this.#ask(survey, nowMs)) this.#nextMs += 1000 / SURVEY_QUERIES_PER_SECOND;
      this.#endIfOver(survey);
      // The others come first the next time.
      if (this.#surveys.delete(survey)) this.#surveys.add(survey);
      if (this.#nextMs > nowMs) return;
    }
  }

  close(): void {
    for (const survey of this.#surveys) survey.task.done(survey.asked, survey.answered);
    this.#surveys.clear();
  }

  #enter(survey: Survey): void {
    const { branches, random } = this.#parts;
    for (const branch of branches.filter(({ ready }) => ready)) {
      survey.begun = true;
      for (const contact of branch.node.table.closest(randomBytes(random, NODE_ID_BYTES), SURVEY_IN_FLIGHT_MAX))
        this.#learn(survey, branch, contact, undefined);
    }
  }

  /** Asks one node; returns whether there was one. */
  #ask(survey: Survey, nowMs: number): boolean {
    if (survey.inFlight >= SURVEY_IN_FLIGHT_MAX || survey.asked >= survey.task.nodesMax) return false;
    for (let step = survey.frontier.pop(); step !== undefined; step = survey.frontier.pop()) {
      const { branch, contact } = step;
      const key = endpointKey(contact);
      if ((this.#restUntilMs.get(key) ?? 0) > nowMs) continue;
      const target = randomBytes(this.#parts.random, NODE_ID_BYTES);
      const settled = (reply: KrpcReply | undefined): void => {
        survey.inFlight--;
        if (this.#surveys.has(survey)) this.#settled(survey, step, reply);
      };
      const query = { method: 'sample_infohashes', target } as const;
      const asked = branch.node.ask(contact, query, { answered: settled, failed: () => settled(undefined) });
      if (!asked) return false;
      this.#rest(key, nowMs + SAMPLE_PERIOD_MS);
      survey.asked++;
      survey.inFlight++;
      return true;
    }
    return false;
  }

  #settled(survey: Survey, { branch, contact }: Step, reply: KrpcReply | undefined): void {
    if (reply === undefined) return;
    for (const named of nodesOf(reply, branch.family)) this.#learn(survey, branch, named, contact);
    // A node that knows nothing of this answers with nodes alone.
    if (reply.samples === undefined) return;
    const intervalMs = Math.min(SURVEY_PERIOD_MAX_MS, Math.max(SAMPLE_PERIOD_MS, (reply.intervalSeconds ?? 0) * 1000));
    this.#rest(endpointKey(contact), this.#parts.clock.nowMs() + intervalMs);
    survey.answered++;
    survey.task.sampled({
      node: { ...contact, id: reply.id },
      infoHashes: reply.samples,
      total: reply.samplesTotal,
      intervalSeconds: intervalMs / 1000,
    });
  }

  /** A stranger on the internet sends us nowhere else. */
  #learn(survey: Survey, branch: Branch, contact: NodeContact, teller: NodeContact | undefined): void {
    if (survey.frontier.length >= SURVEY_FRONTIER_MAX || survey.known.size >= SAMPLED_NODES_MAX) return;
    const scope = branch.node.scopeOf(contact);
    if (this.#parts.branches.some(({ node }) => equalBytes(node.id, contact.id))) return;
    if (scope === 0 || (teller !== undefined && scope < scopeOf(teller.host))) return;
    const place = scope === SCOPE_GLOBAL ? contact.host : endpointKey(contact);
    if (survey.known.has(place)) return;
    survey.known.add(place);
    survey.frontier.push({ branch, contact });
  }

  #rest(key: string, untilMs: number): void {
    this.#restUntilMs.delete(key);
    this.#restUntilMs.set(key, untilMs);
    if (this.#restUntilMs.size > SAMPLED_NODES_MAX) this.#restUntilMs.delete(this.#restUntilMs.keys().next().value!);
  }

  #endIfOver(survey: Survey): void {
    const { task, asked, answered, frontier } = survey;
    if (!survey.begun || survey.inFlight > 0 || (frontier.length > 0 && asked < task.nodesMax)) return;
    if (this.#surveys.delete(survey)) task.done(asked, answered);
  }
}
