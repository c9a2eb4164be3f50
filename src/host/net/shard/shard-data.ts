// What a shard's thread is given when it starts: memory that it shares with the engine's thread, and how to behave.
import type { SharedArena } from '../../memory/arena.ts';
import type { EgressSettings } from '../egress.ts';
import type { EncryptionMode } from '../encryption.ts';

export interface ShardData {
  /** Piece memory. */
  readonly arena: SharedArena;
  /** One owner a frame, over all shards: `PieceMemory`. */
  readonly owners: SharedArrayBuffer;
  /** Rings: `PackedRing`. */
  readonly commands: SharedArrayBuffer;
  readonly events: SharedArrayBuffer;
  /** `ShardFigures`. */
  readonly figures: SharedArrayBuffer;
  readonly encryption: EncryptionMode;
  /** `IncomingNumbers`. */
  readonly numbers: SharedArrayBuffer;
  readonly profile: boolean;
  /** The way to those whom it dials. */
  readonly egress: EgressSettings;
}
