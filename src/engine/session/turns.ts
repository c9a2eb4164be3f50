// Whose turn it is on the control tick. Under a rate limit the first members take what there is, so the next tick goes on
// behind the last one that got something. A random start would do neighbours of idle members a favour, and needs many
// ticks to be fair.
import type { TokenBucket } from '../swarm/token-bucket.ts';
import type { Member } from './member.ts';

export class Turns {
  readonly #limits: readonly TokenBucket[];
  /** The member that last got a share of a rate limit. */
  #lastServed: Member | undefined;

  constructor(limits: readonly TokenBucket[]) {
    this.#limits = limits;
  }

  /** All members, each once; who gets something of a limit before the next one is asked for has had its turn. */
  *round(members: Iterable<Member>): Generator<Member> {
    const list = [...members];
    const start = list.indexOf(this.#lastServed!) + 1;
    if (start === 0) this.#lastServed = undefined;
    for (let turn = 0; turn < list.length; turn++) {
      const member = list[(start + turn) % list.length]!;
      const takenBytes = this.#takenBytes();
      yield member;
      if (this.#takenBytes() > takenBytes) this.#lastServed = member;
    }
  }

  #takenBytes(): number {
    return this.#limits.reduce((sum, { takenBytes }) => sum + takenBytes, 0);
  }
}
