// What a session is built on: the host behind its ports, and the settings that all its torrents share.
import type { Clock, Random } from '../../base/clock.ts';
import type { Dht } from '../dht/dht.ts';
import type { LocalPort } from '../discovery/local-discovery.ts';
import type { TrackerPort } from '../discovery/tracker-port.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import type { MappedPorts } from '../portmap/own-ports.ts';
import type { PeerPort, StoragePort } from '../ports.ts';
import type { WebSeedPort } from '../webseed/web-seed-port.ts';
import type { OutageWarning } from './outage.ts';

/** What a session is built on. */
export interface SessionParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: SlotLedger;
  readonly peers: PeerPort;
  readonly storage: StoragePort;
  readonly trackers: TrackerPort;
  /** Absent: nothing is said to the own network, nor heard of it. */
  readonly local?: LocalPort;
  /** Absent: peers are not looked for in the DHT. Whoever made it drives it. */
  readonly dht?: Dht;
  /** Absent: web seeds are not asked. */
  readonly webSeeds?: WebSeedPort;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  readonly clientName: string;
  readonly sha1: (bytes: Uint8Array) => Uint8Array;
  readonly peersMax: number;
  readonly listenPort: () => number;
  /** The ports that gateways gave us; absent: none is asked. */
  readonly mappedPorts?: (() => MappedPorts) | undefined;
  /** Tell peers of each other (BEP 11); private torrents never do. */
  readonly pex: boolean;
  /** Something is wrong that concerns all torrents. */
  readonly warn?: (warning: OutageWarning) => void;
  /** Bytes of complete runs that may wait for the disk before no further run is begun. */
  readonly writeBehindBytes: number;
}
