// What a uTP connection is given, and what it tells.
import type { CopyBytes } from '../../base/bytes.ts';
import type { Random } from '../../base/clock.ts';
import type { ReorderBudget } from './receive-buffer.ts';
import type { PacketPool } from './sent-packet.ts';

/** What a connection tells its owner. Nothing is told from inside of `write`, `close` or `flush`, ChunkTaken apart. */
export interface UtpSink {
  /** The other side has answered; to one that came in: it has shown that it hears us. */
  connected(): void;
  /** The next bytes of the stream: `from` … `to` of a datagram, which the owner may keep. */
  received(packet: Uint8Array, from: number, to: number): void;
  /** The other side will send no more. */
  ended(): void;
  /** Nothing more will be told, sent or taken in. `undefined`: closed by us, and everybody knows it. */
  closed(reason: UtpFailure | undefined): void;
}

/** Why a connection ended: as the system would call it. */
export type UtpFailure = 'ECONNRESET' | 'ETIMEDOUT';

/** What a connection works with. */
export interface UtpConnectionParts {
  readonly sink: UtpSink;
  /**
   * Sends a packet to the other side. One that is `kept` stays as it is until it is acknowledged and the pool was told that
   * everything has left; others change at once.
   */
  readonly send: (packet: Uint8Array, kept: boolean) => void;
  /** Microseconds since some fixed moment. */
  readonly nowUs: () => number;
  readonly random: Random;
  readonly pool: PacketPool;
  readonly budget: ReorderBudget;
  /** Moves what was written to its packets, out of piece memory for the most part. Default: `copyBytes`. */
  readonly copy?: CopyBytes;
  /** Bytes of a datagram's payload that the network we are in lets through. */
  readonly packetBytesMax: number;
  /** The number by which the other side's packets name the connection, and the one by which ours do. */
  readonly receiveId: number;
  readonly sendId: number;
}
