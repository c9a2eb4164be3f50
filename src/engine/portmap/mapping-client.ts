// What the protocols that open ports have in common, seen from whoever wants a port opened.
import type { PortTransport } from '../../protocol/portmap/pcp-packet.ts';
import type { DatagramExchange } from './datagram-exchange.ts';
import { REFUSAL_WAIT_SECONDS_MAX, REFUSAL_WAIT_SECONDS_MIN } from './limits.ts';

/** In the order in which they are tried: the latest standard first, then its predecessor, then what most routers have. */
export type MappingProtocol = 'pcp' | 'nat-pmp' | 'upnp';

/** A port of ours that is to be reached from outside. */
export interface MappingAsk {
  readonly transport: PortTransport;
  readonly internalPort: number;
  /** The port that we would like, or have; 0: any. */
  readonly externalPort: number;
  /** We have it already: it is to be kept. */
  readonly held: boolean;
  /** 12 bytes, the same for as long as the mapping lives. */
  readonly nonce: Uint8Array;
}

export type MappingOutcome =
  | {
      readonly type: 'mapped';
      readonly externalPort: number;
      /** The address by which the world sees it; `undefined` when the gateway does not say. */
      readonly externalHost: string | undefined;
      /** 0: until it is taken away. */
      readonly lifetimeSeconds: number;
    }
  | {
      readonly type: 'refused';
      /** What may help: another external port, time, or another protocol. */
      readonly remedy: 'other-port' | 'later' | 'other-way';
      readonly waitSeconds: number;
      readonly message: string;
    }
  | { readonly type: 'silent'; readonly message: string };

/** One protocol, with one gateway. One question at a time. */
export interface MappingClient {
  readonly protocol: MappingProtocol;
  /** Opens a port, or keeps it open; `done` is called once. */
  map(ask: MappingAsk, done: (outcome: MappingOutcome) => void): void;
  /** Takes it away; `done` when that is known, or nobody answers. */
  unmap(ask: MappingAsk, done: () => void): void;
  /** Of those that send packets. */
  readonly exchange?: DatagramExchange;
  /** The gateway speaks to everybody. Returns whether it speaks this protocol. */
  announced?(bytes: Uint8Array): boolean;
}

export function refused(remedy: 'other-port' | 'later' | 'other-way', message: string, seconds = 600): MappingOutcome {
  const waitSeconds = Math.min(REFUSAL_WAIT_SECONDS_MAX, Math.max(REFUSAL_WAIT_SECONDS_MIN, seconds));
  return { type: 'refused', remedy, waitSeconds, message };
}
