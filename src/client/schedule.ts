// Puts the chosen scheduling between the host and the engine: nothing at all when events are taken in at once.
import type { PeerPort, PeerSink, StorageSink } from '../engine/ports.ts';
import { Backlog } from '../engine/scheduling/backlog.ts';
import { paceOf, type Scheduling } from '../engine/scheduling/scheduling.ts';

export class Schedule {
  readonly #backlog: Backlog | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(scheduling: Scheduling) {
    const pace = paceOf(scheduling);
    if (pace === undefined) return;
    const clock = { nowMs: () => performance.now() };
    const plan = (delayMs: number, deliver: () => void): void => {
      this.#timer = setTimeout(deliver, delayMs);
    };
    this.#backlog = new Backlog({ pace, clock, plan });
  }

  /** The port to give to the engine. */
  heed(port: PeerPort): PeerPort {
    return this.#backlog?.heed(port) ?? port;
  }

  /** Names the engine; returns whom the host tells. */
  start(peers: PeerSink, storage: StorageSink): { readonly peers: PeerSink; readonly storage: StorageSink } {
    this.#backlog?.start(peers, storage);
    return { peers: this.#backlog ?? peers, storage: this.#backlog ?? storage };
  }

  /** Lets nothing wait any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#backlog?.stop();
  }
}
