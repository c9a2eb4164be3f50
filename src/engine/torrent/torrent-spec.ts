// What a torrent is made of: its own facts, what it shares with its session, and who hears of its fate.
import type { Bitfield } from '../../base/bitfield.ts';
import type { Clock, Random } from '../../base/clock.ts';
import type { StorageError } from '../../base/errors.ts';
import type { UploadSlots } from '../choker/upload-slots.ts';
import type { Dht } from '../dht/dht.ts';
import type { AnnouncePace } from '../discovery/announce-pace.ts';
import type { TrackerPort } from '../discovery/tracker-port.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import type { MappedPorts } from '../portmap/own-ports.ts';
import type { StoragePort, StoreId } from '../ports.ts';
import type { Member } from '../session/member.ts';
import type { Outage } from '../session/outage.ts';
import type { ExternalAddress } from '../swarm/external-address.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';
import type { StretchCache } from '../upload/stretch-cache.ts';
import type { WebSeedDesk } from '../webseed/web-seed-desk.ts';
import type { WebSeedAddress, WebSeedContent } from '../webseed/web-seed-port.ts';
import type { Geometry } from './geometry.ts';
import type { TorrentPeers } from './metered-peers.ts';
import type { SeedGoal, SeedGoalReached } from './seed-goal.ts';

/** Where a torrent is in its life. */
export type TorrentPhase = 'downloading' | 'seeding' | 'checking' | 'paused' | 'error' | 'closed';

/** What a torrent is. */
export interface TorrentSpec {
  readonly infoHash: Uint8Array;
  readonly geometry: Geometry;
  readonly store: StoreId;
  /** Pieces that are on disk and verified. */
  readonly had: Bitfield;
  /** For each piece, whether to fetch it and how urgently: PRIORITY_SKIP to PRIORITY_HIGH. Not to be changed afterwards. */
  readonly priorities: Uint8Array;
  readonly sequential: boolean;
  /** Most peers, up to PEERS_PER_TORRENT_MAX; absent: as many. */
  readonly peersMax?: number;
  readonly tiers: readonly (readonly string[])[];
  /** Hosts that an earlier run banned. */
  readonly banned?: readonly string[];
  /** Web servers that have the data; absent: none. */
  readonly webSeeds?: { readonly addresses: readonly WebSeedAddress[]; readonly content: WebSeedContent };
  /** Stay connected and upload once complete. */
  readonly seed: boolean;
  /** Show the pieces one by one, until there is another seed (BEP 16). */
  readonly superSeed?: boolean;
  /** When that is enough. */
  readonly seedGoal?: SeedGoal | undefined;
  /** Payload sent in earlier runs: it counts for the goal. Default 0. */
  readonly uploadedBefore?: number;
  /** The info dictionary, for those who come by a magnet link (BEP 9). Absent: they are refused. */
  readonly infoBytes?: Uint8Array;
  /** Peers come from the trackers alone (BEP 27). */
  readonly private: boolean;
}

/** What a torrent shares with its session. */
export interface TorrentParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: SlotLedger;
  readonly cache: StretchCache;
  readonly peers: TorrentPeers;
  readonly storage: StoragePort;
  readonly trackers: TrackerPort;
  /** Absent: there is none. Private torrents never ask it (BEP 27). */
  readonly dht?: Dht;
  readonly webSeeds: WebSeedDesk;
  readonly announcePace: AnnouncePace;
  readonly peerId: Uint8Array;
  /** What we call ourselves (BEP 10, `v`). */
  readonly clientName: string;
  readonly sha1: (bytes: Uint8Array) => Uint8Array;
  readonly trackerKey: number;
  readonly downloadLimit: TokenBucket;
  readonly uploadLimit: TokenBucket;
  readonly uploadSlots: UploadSlots;
  /** Whether an address is filtered: nobody there is dialled or let in. */
  readonly refuses: (host: string) => boolean;
  /** Whether anybody can be reached at all. */
  readonly outage: Outage;
  /** The port that we accept peers on, 0 when we do not. */
  readonly listenPort: () => number;
  /** The ports that gateways gave us; absent: none is asked. */
  readonly mappedPorts?: (() => MappedPorts) | undefined;
  /** Our own address, as peers see it. */
  readonly external: ExternalAddress;
  /** Tell peers of each other (BEP 11). */
  readonly pex: boolean;
  readonly ticketBase: number;
  /** Something happened to this member that its session has not told it of: it needs the next tick. */
  readonly wake: (member: Member) => void;
  /** Bytes of one torrent that may wait for the disk. */
  readonly writeBehindBytes: number;
}

/** Something that the user should know and that stops nothing. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** Who hears of a torrent's fate. Called for news only: nothing may be decided in there. */
export interface TorrentObserver {
  phaseChanged(phase: TorrentPhase): void;
  pieceVerified(piece: number): void;
  warned(warning: Warning): void;
  failed(error: StorageError): void;
  /** The goal of seeding is reached: the torrent has paused. */
  goalReached(reached: SeedGoalReached): void;
}
