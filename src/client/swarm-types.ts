// Whom a torrent has to do with: connected peers, web seeds, trackers.
import type { PeerAddress } from '../engine/ports.ts';
import type { PeerSource } from './types.ts';

/** A connected peer. */
export interface PeerInfo {
  readonly address: PeerAddress;
  /** It connected to us, not we to it. */
  readonly incoming: boolean;
  /** How it was found. */
  readonly source: PeerSource;
  /** What is said is encrypted (RC4); an encrypted handshake alone does not count. */
  readonly encrypted: boolean;
  /** The program's name and version as far as it tells: text from a stranger. */
  readonly client: string;
  /** Share of the torrent's pieces that it has, 0…1. */
  readonly progress: number;
  /** It does not answer requests now. */
  readonly chokingUs: boolean;
  /** It wants pieces that we have. */
  readonly interestedInUs: boolean;
  /** Payload that it sends us per second. */
  readonly downloadBytesPerSecond: number;
  /** Payload that we send it per second. */
  readonly uploadBytesPerSecond: number;
  /** Blocks that it was asked for and has not sent yet. */
  readonly requestsInFlight: number;
  /** It promised blocks and sends none. */
  readonly snubbed: boolean;
}

/** A web server that has the torrent's data. */
export interface WebSeedInfo {
  readonly url: string;
  /** It is asked for ranges of files (BEP 19) or of pieces (BEP 17). */
  readonly kind: 'files' | 'pieces';
  /** How many go to it: more than one where one does not bring all that there is to be had. */
  readonly connections: number;
  /** Payload that it sends us per second. */
  readonly downloadBytesPerSecond: number;
  /** Blocks that it was asked for and has not sent yet. */
  readonly requestsInFlight: number;
  /** Its last failure, until it sends something. */
  readonly message?: string;
  /** Present while it is left alone because of that: in how many seconds it is asked again. */
  readonly retrySeconds?: number;
}

/** A tracker of a torrent. */
export interface TrackerInfo {
  readonly url: string;
  /** Trackers of tier 0 are asked first. */
  readonly tier: number;
  /**
   * `waiting`: not asked yet. `working`: its last answer was good. `failing`: it is asked again later. `refusing`: it
   * wants never to be asked again. `unsupported`: nobody here speaks to such a URL.
   */
  readonly state: 'waiting' | 'working' | 'failing' | 'refusing' | 'unsupported';
  /** An announce is under way. */
  readonly announcing: boolean;
  /** The last failure, or the tracker's warning. */
  readonly message?: string | undefined;
  /** Peers that its last answer named. */
  readonly peers?: number | undefined;
  /** Seeds and leeches of the swarm, as it counts them. */
  readonly seeds?: number | undefined;
  readonly leeches?: number | undefined;
  /** When it is asked again at the earliest, in seconds from now. */
  readonly nextAnnounceSeconds?: number;
}
