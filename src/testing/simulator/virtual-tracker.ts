// A tracker between simulated hosts: remembers who announced which torrent, and names some of them to whoever asks.
import { toHex } from '../../base/bytes.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import { SourceError } from '../../base/errors.ts';
import type { AnnounceRequest, TrackerPort, TrackerSink } from '../../engine/discovery/tracker-port.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { EventQueue } from './event-queue.ts';
import type { PrivacyWatch } from './privacy-watch.ts';
import { TRACE, type TraceHash } from './trace-hash.ts';
import type { NetworkNode } from './virtual-network.ts';

/** How the tracker behaves. */
export interface TrackerHabits {
  /** While true, nobody gets an answer. */
  down: boolean;
  /** Addresses named at most. */
  peersMax: number;
  intervalMs: number;
  /** How long it thinks about its answer. */
  answerMs: number;
  /** It names these to everybody, whoever announced. */
  names?: readonly PeerAddress[];
}

export class VirtualTracker {
  readonly habits: TrackerHabits = { down: false, peersMax: 50, intervalMs: 120_000, answerMs: 0 };
  /** By info hash, who takes part. */
  readonly #swarms = new Map<string, Map<string, PeerAddress>>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  announce(address: PeerAddress, request: AnnounceRequest): AnnounceReply | SourceError {
    if (this.habits.down) return new SourceError('ERR_TRACKER_CONNECT', 'the tracker cannot be reached');
    const name = toHex(request.infoHash);
    const swarm = this.#swarms.get(name) ?? new Map<string, PeerAddress>();
    this.#swarms.set(name, swarm);
    const key = `${address.host}|${request.port}`;
    if (request.event === 'stopped') swarm.delete(key);
    else swarm.set(key, { host: address.host, port: request.port });
    const others = [...swarm].filter(([other]) => other !== key).map(([, peer]) => peer);
    const wanted = Math.min(this.habits.peersMax, request.numWant, others.length);
    for (let at = 0; at < wanted; at++) {
      const other = at + randomBelow(this.#random, others.length - at);
      [others[at], others[other]] = [others[other]!, others[at]!];
    }
    return { peers: this.habits.names ?? others.slice(0, wanted), intervalMs: this.habits.intervalMs };
  }
}

/** What an attached tracker client runs on. */
export interface TrackerParts {
  readonly queue: EventQueue;
  readonly tracker: VirtualTracker;
  readonly node: NetworkNode;
  readonly trace: TraceHash;
  readonly host: number;
  readonly privacy: PrivacyWatch;
}

/** The engine's TrackerPort on a simulated host. */
export class AttachedTracker implements TrackerPort {
  readonly #parts: TrackerParts;
  readonly #waiting = new Set<number>();
  #sink: TrackerSink | undefined;

  constructor(parts: TrackerParts) {
    this.#parts = parts;
  }

  start(sink: TrackerSink): void {
    this.#sink = sink;
  }

  vanish(): void {
    this.#sink = undefined;
  }

  announce(ticket: number, request: AnnounceRequest): void {
    const { queue, tracker, node, trace, host, privacy } = this.#parts;
    this.#waiting.add(ticket);
    queue.plan(node.delayMs, () => {
      const answer = tracker.announce(node.address, request);
      if (!(answer instanceof SourceError)) privacy.named(request.infoHash, host, answer.peers);
      queue.plan(tracker.habits.answerMs + node.delayMs, () => {
        if (!this.#waiting.delete(ticket) || this.#sink === undefined) return;
        trace.note(
          queue.nowMs,
          host,
          TRACE.announced,
          ticket,
          answer instanceof SourceError ? -1 : answer.peers.length,
        );
        this.#sink.announced(ticket, answer);
      });
    });
  }

  cancel(ticket: number): void {
    this.#waiting.delete(ticket);
  }
}
