// Peers that we met while we looked for metadata, and what they said that only the torrent will understand.
import type { Handshake } from '../../protocol/wire/handshake.ts';
import type { Peer } from '../swarm/peer.ts';

/** A peer that is handed over, and what it said while we had no torrent to apply it to. */
export interface Heirloom {
  readonly peer: Peer;
  readonly handshake: Handshake;
  readonly messages: readonly HeardMessage[];
}

export interface HeardMessage {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** What a peer has said so far. */
export interface Acquaintance {
  readonly peer: Peer;
  readonly handshake: Handshake;
  readonly messages: HeardMessage[];
  bytes: number;
}
