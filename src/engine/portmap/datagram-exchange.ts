// Questions to a gateway in packets, each repeated until it is answered or nobody can be expected to answer any more, and the
// gateway's time, which comes with every answer.
import type { Clock } from '../../base/clock.ts';
import { type EpochRules, EpochWatch } from './epoch-watch.ts';
import type { Gateway, GatewayPort } from './gateway-port.ts';
import { GATEWAY_TRIES_MAX, GATEWAY_WAIT_FIRST_MS } from './limits.ts';

interface Question {
  readonly bytes: Uint8Array;
  /** Reads a packet; returns whether it was the answer. */
  readonly hear: (packet: Uint8Array) => boolean;
  readonly giveUp: () => void;
  tries: number;
  dueMs: number;
}

export interface DatagramExchangeParts {
  readonly gateway: Gateway;
  readonly port: Pick<GatewayPort, 'send'>;
  readonly clock: Clock;
  /** The gateway has started anew, or lost what it knew. */
  readonly restarted: () => void;
}

export class DatagramExchange {
  readonly #parts: DatagramExchangeParts;
  readonly #epochs: EpochWatch;
  readonly #questions = new Set<Question>();

  constructor(parts: DatagramExchangeParts, rules: EpochRules) {
    this.#parts = parts;
    this.#epochs = new EpochWatch(rules);
  }

  /** Asks at the next tick. `read` tells an answer from what else may come; `done` hears it, or `undefined` after silence. */
  ask<T>(bytes: Uint8Array, read: (packet: Uint8Array) => T | undefined, done: (answer: T | undefined) => void): void {
    const question: Question = {
      bytes,
      hear: (packet) => {
        const answer = read(packet);
        if (answer === undefined || !this.#questions.delete(question)) return false;
        done(answer);
        return true;
      },
      giveUp: () => {
        if (this.#questions.delete(question)) done(undefined);
      },
      tries: 0,
      dueMs: Number.NEGATIVE_INFINITY,
    };
    this.#questions.add(question);
  }

  tick(nowMs: number): void {
    for (const question of [...this.#questions]) {
      if (nowMs < question.dueMs) continue;
      if (question.tries === GATEWAY_TRIES_MAX) question.giveUp();
      else {
        question.dueMs = nowMs + GATEWAY_WAIT_FIRST_MS * 2 ** question.tries++;
        this.#parts.port.send(this.#parts.gateway, question.bytes);
      }
    }
  }

  datagram(packet: Uint8Array): void {
    for (const question of [...this.#questions]) if (question.hear(packet)) return;
  }

  /** Takes in the time that the gateway tells in whatever is known to be from it. */
  watch(epochSeconds: number): void {
    if (!this.#epochs.continues(epochSeconds, this.#parts.clock.nowMs())) this.#parts.restarted();
  }

  /** Nobody is there: what is asked is not waited for. */
  fail(): void {
    for (const question of [...this.#questions]) question.giveUp();
  }
}
