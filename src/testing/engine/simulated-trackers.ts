// Trackers without a network: implements the engine's TrackerPort over virtual time, and keeps what it was told.
import { SourceError } from '../../base/errors.ts';
import type { AnnounceRequest, TrackerPort, TrackerSink } from '../../engine/discovery/tracker-port.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import type { EventQueue } from '../simulator/event-queue.ts';

export class SimulatedTrackers implements TrackerPort {
  /** Every announce, oldest first. */
  readonly announces: AnnounceRequest[] = [];
  /** What every tracker names. */
  peers: readonly PeerAddress[] = [];
  /** While true, every tracker fails. */
  down = false;
  /** How long an answer takes. */
  delayMs = 20;
  readonly #queue: EventQueue;
  #sink: TrackerSink | undefined;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  start(sink: TrackerSink): void {
    this.#sink = sink;
  }

  /** The events that were announced, `none` left out. */
  get events(): string[] {
    return this.announces.map(({ event }) => event).filter((event) => event !== 'none');
  }

  announce(ticket: number, request: AnnounceRequest): void {
    this.announces.push(request);
    const answer = this.down
      ? new SourceError('ERR_TRACKER_CONNECT', `${request.url} cannot be reached`)
      : { peers: this.peers, intervalMs: 1_800_000 };
    this.#queue.plan(this.delayMs, () => this.#sink!.announced(ticket, answer));
  }

  cancel(): void {
    // Late answers are the engine's to ignore.
  }
}
