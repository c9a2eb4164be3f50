// What a client needs of the host that carries its links, beside the engine's PeerPort. Two implement it: LinkHost, whose
// sockets live on the engine's thread, and ShardedHost, whose sockets live in threads of their own.
import type { LinkId, PeerAddress, PeerPort, PeerSink } from '../../engine/ports.ts';
import type { PieceMemory } from '../../protocol/wire/piece-memory.ts';
import type { ReceiveCounters } from '../../protocol/wire/receive-counters.ts';
import type { StageTimes } from '../profile/stage-times.ts';

/** What became of received block bytes, over all links. */
export interface ReceivedFigures {
  readonly reads: number;
  /** Read straight into their place. */
  readonly placedBytes: number;
  /** Copied to their place. */
  readonly copiedBytes: number;
  /** Thrown away. */
  readonly wastedBytes: number;
}

export interface NetHost extends PeerPort {
  /** The arena and who may write where, for links of this thread that are not the host's. */
  readonly memory: PieceMemory;
  /** What those links count; part of `counters`. */
  readonly countersHere: ReceiveCounters;
  readonly counters: ReceivedFigures;
  /** Block bytes that were copied on their way out, because they leave encrypted. */
  readonly sealedBytes: number;
  /** Where threads of its own spent their time, when profiling. */
  readonly threadTimes: readonly StageTimes[];
  /** How busy each of these threads was since it was started, from 0 to 1. */
  threadsBusy(): readonly number[];
  /** Names the engine. Must be called once, before anything else. */
  start(sink: PeerSink): void;
  /**
   * Listens for peers and resolves to the bound address; may be called again for another one. `::` takes in IPv4, too,
   * unless told otherwise. Rejects with the system's error.
   */
  listen(host: string, port: number, ipv6Only?: boolean): Promise<PeerAddress>;
  /** Whether what is said on a link is encrypted. */
  encrypted(link: LinkId): boolean;
  /** Stops listening, closes every link and resolves when the last one is gone. */
  shutdown(): Promise<void>;
}
