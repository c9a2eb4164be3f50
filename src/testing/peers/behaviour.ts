// How a fake peer is made to differ from a good one: a behaviour overrides single steps of a session, and several
// behaviours compose. Each connection gets fresh ones, so what they remember is of one session.
import type { BlockRequest, Frame } from './frames.ts';
import type { PeerSession } from './peer-session.ts';

export interface Behaviour {
  /** Rewrites the handshake before it is sent. */
  handshake?(bytes: Buffer): Buffer;
  /** Rewrites the payload of BITFIELD before it is sent. */
  bitfield?(bytes: Buffer): Buffer;
  /** The handshakes are exchanged and BITFIELD is sent. */
  opened?(): void;
  /** Hears a message first; `true` keeps it from everybody after. */
  message?(frame: Frame): boolean;
  /** Takes over an answer to REQUEST by returning `true`. */
  request?(request: BlockRequest): boolean;
  /** Rewrites a block on its way out; must not change what it is given. */
  block?(request: BlockRequest, bytes: Buffer): Buffer;
  /** Passes bytes on to `next`, now or later, whole or in part. */
  write?(bytes: Buffer, next: (bytes: Buffer) => void): void;
  /** The connection is gone. */
  closed?(): void;
}

/** Makes the behaviour of one connection. */
export type BehaviourMaker = (session: PeerSession) => Behaviour;
