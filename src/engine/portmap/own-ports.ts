// By which port others reach us. In our own network that is the one that we are bound to; from the internet it is the one
// that a gateway gave us, when that is another.
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { SCOPE_GLOBAL, scopeOf } from '../swarm/address-scope.ts';

/** Ports by which the internet reaches us, by address family; absent: the one that we are bound to. */
export type MappedPorts = Readonly<Partial<Record<AddressFamily, number>>>;

export interface OwnPorts {
  /** The port that we accept peers on, 0 when we do not. */
  readonly listenPort: () => number;
  /** Absent: no gateway is asked. */
  readonly mappedPorts?: (() => MappedPorts) | undefined;
}

/** The port that somebody at this numeric address has to dial; 0 when there is none. */
export function portTowards(host: string, { listenPort, mappedPorts }: OwnPorts): number {
  const bound = listenPort();
  if (bound === 0 || mappedPorts === undefined || scopeOf(host) !== SCOPE_GLOBAL) return bound;
  return mappedPorts()[host.includes(':') ? 6 : 4] ?? bound;
}
