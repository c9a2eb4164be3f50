// Whose turn it is to be asked for blocks, while a rate limit keeps all who have them waiting: one after the other, and the
// next tick goes on where this one ended. Whoever came first would otherwise take all that a tick brings.
import type { Swarm } from '../swarm/swarm.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';
import type { WebSeeds } from '../webseed/web-seeds.ts';
import type { Intake } from './intake.ts';
import type { Supplier } from './supplier.ts';

export class RequestTurns {
  readonly #swarm: Swarm;
  readonly #webSeeds: WebSeeds;
  readonly #intake: Intake;
  readonly #limit: TokenBucket;
  /** The suppliers as they were when the round began; `#at` is whose turn it is. */
  #round: readonly Supplier[] = [];
  #at = 0;

  constructor(swarm: Swarm, webSeeds: WebSeeds, intake: Intake, limit: TokenBucket) {
    this.#swarm = swarm;
    this.#webSeeds = webSeeds;
    this.#intake = intake;
    this.#limit = limit;
  }

  /** Asks the next supplier that can be asked for its part. Returns false when there is none, or nothing to give. */
  next(nowMs: number): boolean {
    for (let tried = 0; tried <= this.#round.length; tried++) {
      if (this.#at >= this.#round.length) {
        this.#round = [...this.#webSeeds.suppliers(), ...this.#swarm.peers()];
        this.#at = 0;
        if (this.#round.length === 0) return false;
      }
      const supplier = this.#round[this.#at]!;
      const here = supplier.inStretches ? !supplier.closing : this.#swarm.get(supplier.link) === supplier;
      const waiting = here && (supplier.starving || supplier.debt.outstanding === 0);
      if (waiting && this.#intake.refillInTurn(supplier, nowMs, this.#limit.blocksPerTurn)) {
        this.#at++;
        return true;
      }
      // Its turn is not over while it is the limit that it waits for.
      if (here && this.#limit.available(nowMs) <= 0) return false;
      this.#at++;
    }
    return false;
  }
}
