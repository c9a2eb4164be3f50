// What is said to a tracker and what it answers, whichever way it is spoken to: over HTTP (BEP 3, 7, 23, 24, 31)
// or over UDP (BEP 15). Lengths of time are milliseconds here; seconds and minutes stay in the codecs.

/** What happened since the last announce; `none` is the regular one in between. */
export type AnnounceEvent = 'none' | 'started' | 'completed' | 'stopped';

/** Where a tracker says that a peer listens: a numeric address, or a name in old dictionary replies. */
export interface PeerEndpoint {
  readonly host: string;
  readonly port: number;
}

/** An announce as the tracker gets it. Byte counts are whole numbers below 2⁵³. */
export interface AnnounceFields {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** The port where we accept peers. */
  readonly port: number;
  /** Payload bytes sent since `started`. */
  readonly uploaded: number;
  /** Payload bytes received since `started`. */
  readonly downloaded: number;
  /** Bytes still missing. Before a magnet's metadata is known, anything above 0: we are no seed. */
  readonly left: number;
  readonly event: AnnounceEvent;
  /** How many peers we would like; `stopped` always asks for none. */
  readonly numWant: number;
  /** 32 random bits that stay the same for the session: they prove that we are who we were after our address changed. */
  readonly key: number;
  /** What the tracker called itself in its last reply; HTTP only. */
  readonly trackerId?: Uint8Array | undefined;
  /** Our IPv4 address, for a tracker that we reach over IPv6 (BEP 7). */
  readonly ipv4?: string | undefined;
  /** Our IPv6 address, for a tracker that we reach over IPv4 (BEP 7). */
  readonly ipv6?: string | undefined;
}

/** A tracker's answer. Nothing in it is checked beyond its shape: it is hearsay. */
export interface AnnounceReply {
  readonly peers: readonly PeerEndpoint[];
  /** When the tracker wants to hear from us again. */
  readonly intervalMs: number;
  /** It refuses to hear from us sooner than this. */
  readonly minIntervalMs?: number | undefined;
  readonly trackerId?: Uint8Array | undefined;
  /** Peers that have everything (`complete`). */
  readonly seeds?: number | undefined;
  /** Peers that miss something (`incomplete`). */
  readonly leeches?: number | undefined;
  readonly warning?: string | undefined;
  /** Our address as the tracker sees it (BEP 24). */
  readonly externalIp?: string | undefined;
  /** Who sees us by which address: put together by whoever asked, who knows by which address the tracker was reached. */
  readonly sightings?: readonly Sighting[] | undefined;
}

/** Somebody at the numeric address `by` sees us at the numeric address `address`. */
export interface Sighting {
  readonly address: string;
  readonly by: string;
}

/** Swarm figures of one info hash (BEP 15 scrape, BEP 48). */
export interface ScrapeFigures {
  readonly seeds: number;
  readonly downloads: number;
  readonly leeches: number;
}
