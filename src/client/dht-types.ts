// The vocabulary of the public library for the distributed hash table.
import type { DhtHomeStatus, DhtStatus as EngineDhtStatus } from '../engine/dht/dht.ts';
import type { PeerAddress } from '../engine/ports.ts';

/** How the DHT is used. */
export interface DhtOptions {
  /**
   * Nodes to begin with when none of an earlier run, of a torrent or of a peer answers. Default: those of
   * `MILLRACE_DHT_NODES` (HOST:PORT, separated by commas; empty for none), or else the public routers; none when the
   * client listens on a loopback address, for then it speaks with this machine alone.
   */
  readonly nodes?: readonly PeerAddress[];
  /** Answer no questions of others, and say so (BEP 43). Default false; true when the client does not listen. */
  readonly readOnly?: boolean;
  /**
   * Addresses of this machine, numeric, of which each is a node by itself (BEP 45): for a machine with several on the internet.
   * Packets then leave from these addresses alone. Default: whichever the system picks, one of each family. At most 18.
   */
  readonly addresses?: readonly string[];
}

/** What there is to see of the DHT. */
export interface DhtStatus extends EngineDhtStatus {
  /** Our ids, of IPv4 and IPv6: 40 hexadecimal digits. */
  readonly id: string;
  readonly id6: string;
  /** Our addresses, each a node by itself to others (BEP 45). */
  readonly homes: readonly DhtHome[];
}

/** One address of our node. */
export interface DhtHome extends Omit<DhtHomeStatus, 'id'> {
  /** 40 hexadecimal digits; it fits `external` (BEP 42) once that is known. */
  readonly id: string;
}

/** What a node knows of (BEP 51). */
export interface InfoHashSample {
  readonly node: PeerAddress;
  /** 40 hexadecimal digits each; the node's own choice when it knows of many. */
  readonly infoHashes: readonly string[];
  /** How many it knows of in all; `undefined` when it does not say. */
  readonly total: number | undefined;
  /** Asked again before, it would say the same: from 60 seconds to six hours. */
  readonly intervalSeconds: number;
}

/** How nodes are asked for samples. */
export interface SampleOptions {
  /** Nodes to ask at most. Default 100, at ten a second. */
  readonly nodes?: number;
  /** Is told what each node says, as it comes. */
  readonly onSample: (sample: InfoHashSample) => void;
  /** Ends it; `sample` rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** A value that is kept alive in the DHT. */
export interface KeptValue {
  /** 40 hexadecimal digits: what to `get` it by. */
  readonly target: string;
  /** Nodes that took it at first. */
  readonly nodes: number;
  /** Lets it be forgotten, in about two hours. */
  readonly stop: () => void;
}

/** Who may replace a stored value (BEP 44). */
export interface ValueSigner {
  /** 32 bytes: an ed25519 public key. */
  readonly key: Uint8Array;
  /** From 0; greater than that of the value it replaces. */
  readonly seq: number | bigint;
  /** Tells several values of one key apart: at most 64 bytes. Default: none. */
  readonly salt?: Uint8Array;
  /** Replace the value of this `seq`, and no other. */
  readonly cas?: number | bigint;
  /** The 64 bytes of the key's signature. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** A value that was found in the DHT. */
export interface StoredValue {
  /** Bencoded, exactly as it was put. */
  readonly value: Uint8Array;
  /** Whose it is, and which one of his; absent for a value that is known by its hash. */
  readonly key?: Uint8Array;
  readonly seq?: number | bigint;
}

/** How large a swarm is, by estimate. */
export interface SwarmEstimate {
  readonly seeds: number;
  readonly peers: number;
}
