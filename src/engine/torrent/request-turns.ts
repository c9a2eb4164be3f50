// Whose turn it is to be asked for blocks, while a rate limit keeps all of a torrent's peers waiting: one after the other,
// and the next tick goes on where this one ended. Whoever came first would otherwise take all that a tick brings.
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';
import type { Intake } from './intake.ts';

export class RequestTurns {
  readonly #swarm: Swarm;
  readonly #intake: Intake;
  readonly #limit: TokenBucket;
  /** The peers as they were when the round began; `#at` is whose turn it is. */
  #round: readonly Peer[] = [];
  #at = 0;

  constructor(swarm: Swarm, intake: Intake, limit: TokenBucket) {
    this.#swarm = swarm;
    this.#intake = intake;
    this.#limit = limit;
  }

  /** Asks the next peer that can be asked for its part. Returns false when there is none, or nothing to give. */
  next(nowMs: number): boolean {
    for (let tried = 0; tried <= this.#swarm.size; tried++) {
      if (this.#at >= this.#round.length) {
        this.#round = [...this.#swarm.peers()];
        this.#at = 0;
        if (this.#round.length === 0) return false;
      }
      const peer = this.#round[this.#at]!;
      const here = this.#swarm.get(peer.link) === peer;
      const waiting = here && (peer.starving || peer.debt.outstanding === 0);
      if (waiting && this.#intake.refillInTurn(peer, nowMs, this.#limit.blocksPerTurn)) {
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
