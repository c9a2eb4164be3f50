// What nodes of the DHT say to each other (BEP 5, and BEP 32, 33, 42, 43, 44, 51 where they add to it). The codec is in
// krpc-decoder.ts and krpc-encoder.ts.
import type { HostPort } from '../metainfo/host-port.ts';
import type { NodeContact } from './compact-nodes.ts';
import type { MutablePart } from './stored-item.ts';

/** Families of nodes that a query asks for (BEP 32); absent: that of the packet. */
export interface WantedFamilies {
  readonly n4: boolean;
  readonly n6: boolean;
}

/** What is asked. */
export type KrpcQuery =
  | { readonly method: 'ping' }
  | { readonly method: 'find_node'; readonly target: Uint8Array; readonly want?: WantedFamilies }
  | {
      readonly method: 'get_peers';
      readonly infoHash: Uint8Array;
      readonly want?: WantedFamilies;
      /** Rather peers that are no seeds, and filters of both (BEP 33). */
      readonly noSeed: boolean;
      readonly scrape: boolean;
    }
  | {
      readonly method: 'announce_peer';
      readonly infoHash: Uint8Array;
      readonly token: Uint8Array;
      /** Absent: the port that the packet came from. */
      readonly port?: number;
      readonly seed: boolean;
    }
  /** `seq`: a mutable value is wanted only if it is later than this. */
  | {
      readonly method: 'get';
      readonly target: Uint8Array;
      readonly want?: WantedFamilies;
      readonly seq?: number | bigint;
    }
  /** `cas`: replace nothing but the value of this number. */
  | {
      readonly method: 'put';
      readonly token: Uint8Array;
      readonly value: Uint8Array;
      readonly mutable?: MutablePart;
      readonly cas?: number | bigint;
    }
  | { readonly method: 'sample_infohashes'; readonly target: Uint8Array; readonly want?: WantedFamilies }
  /** A method of the future; one that names a target is answered with nodes, as libtorrent proposes. */
  | { readonly method: 'unknown'; readonly name: string; readonly target?: Uint8Array };

/** What is answered. Everything but the id may be absent. */
export interface KrpcReply {
  /** 20 bytes. */
  readonly id: Uint8Array;
  readonly nodes?: readonly NodeContact[];
  readonly nodes6?: readonly NodeContact[];
  readonly peers?: readonly HostPort[];
  readonly token?: Uint8Array;
  /** 256 bytes each (BEP 33). */
  readonly seedFilter?: Uint8Array;
  readonly peerFilter?: Uint8Array;
  /** Encoded (BEP 44). */
  readonly value?: Uint8Array;
  readonly key?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly seq?: number | bigint;
  /** Info hashes that the node holds peers of, how many in all, and how long to wait before asking again (BEP 51). */
  readonly samples?: readonly Uint8Array[];
  readonly samplesTotal?: number;
  readonly intervalSeconds?: number;
}

/** What every message carries. */
interface KrpcEnvelope {
  /** Chosen by who asks, repeated by who answers. */
  readonly transaction: Uint8Array;
  /** Who made the node's program. */
  readonly version?: Uint8Array;
}

export interface KrpcQueryMessage extends KrpcEnvelope {
  readonly type: 'query';
  /** 20 bytes: the id of who asks. */
  readonly id: Uint8Array;
  /** Who asks answers no questions (BEP 43): not to be remembered. */
  readonly readOnly: boolean;
  readonly query: KrpcQuery;
}

export interface KrpcReplyMessage extends KrpcEnvelope {
  readonly type: 'reply';
  /** Our address as the other side sees it (BEP 42). */
  readonly yourAddress?: HostPort;
  readonly reply: KrpcReply;
}

export interface KrpcErrorMessage extends KrpcEnvelope {
  readonly type: 'error';
  readonly yourAddress?: HostPort;
  readonly code: number;
  readonly text: string;
}

/** A query that lacks something: the fault can be told to who asked. */
export interface KrpcFault extends KrpcEnvelope {
  readonly type: 'fault';
  readonly text: string;
}

export type KrpcMessage = KrpcQueryMessage | KrpcReplyMessage | KrpcErrorMessage;

/** Error codes of BEP 5 and BEP 44. */
export const KRPC_ERROR_PROTOCOL = 203;
export const KRPC_ERROR_METHOD = 204;
export const KRPC_ERROR_VALUE_TOO_BIG = 205;
export const KRPC_ERROR_SIGNATURE = 206;
export const KRPC_ERROR_SALT_TOO_BIG = 207;
export const KRPC_ERROR_CAS = 301;
export const KRPC_ERROR_SEQ = 302;
