// The vocabulary of the public library: what goes into a Client and what can be read from it.

import type { MillraceError } from '../base/errors.ts';
import type { PeerAddress } from '../engine/ports.ts';
import type { Scheduling } from '../engine/scheduling/scheduling.ts';
import type { SeedGoal, SeedGoalReached } from '../engine/torrent/seed-goal.ts';
import type { StallCode } from '../engine/torrent/stall.ts';
import type { Hashing } from '../host/disk/sha1.ts';
import type { MetainfoFile } from '../protocol/metainfo/metainfo.ts';
import type { DhtOptions } from './dht-types.ts';

export type { ProfileGauge, ProfileReport, ProfileStage } from './profile-types.ts';
export type { PeerInfo, TrackerInfo, WebSeedInfo } from './swarm-types.ts';

export type { PeerAddress, Scheduling, SeedGoal, SeedGoalReached };

/** Whether links go over uTP, too: see `ClientOptions.utp`. */
export type UtpMode = 'on' | 'off' | 'prefer';

/** What a client encrypts: see `ClientOptions.encryption`. */
export type EncryptionMode = 'allow' | 'prefer' | 'require' | 'off';

/** How a Client behaves; every field has a default. What cannot be used is an InputError ERR_CLIENT_OPTION. */
export interface ClientOptions {
  /**
   * Where to listen for peers: an address of this machine, by default all of IPv4 and, on the
   * same port, of IPv6 (`0.0.0.0` is the one alone, `::` both in one socket), and a
   * port, of which 0 picks a free one. Default: `{ host: '0.0.0.0', port: 0 }`; `false` never listens.
   */
  readonly listen?: { readonly host?: string; readonly port: number } | false;
  /** Hard cap on piece memory in bytes; otherwise InputError ERR_CLIENT_MEMORY. Default 128 MiB, at least 4 MiB. */
  readonly memoryBytes?: number;
  /** Download limit over all torrents, in bytes per second. Default 0: none. `Client.limit` changes it. */
  readonly downloadBytesPerSecond?: number;
  /** Upload limit over all torrents, in bytes per second. Default 0: none. `Client.limit` changes it. */
  readonly uploadBytesPerSecond?: number;
  /** Threads that hash and write. Default: 1 on two cores, otherwise one less than there are cores, at most 4. */
  readonly diskWorkers?: number;
  /** Most peers connected at once, over all torrents. Default 200. `Client.limit` changes it. */
  readonly peersMax?: number;
  /**
   * Threads that the connections to peers live in, from 0 (the engine's own) to 64. `auto` is what measured best
   * (docs/performance.md, "More cores"): 2 where `encryption` is `prefer` or `require` and there is a second core, else 0. uTP stays on the engine's thread. Default: `auto`.
   */
  readonly netThreads?: number | 'auto';
  /** Addresses to have nothing to do with: neither dialled nor let in. Default: none. `Client.setIpFilter` changes it. */
  readonly ipFilter?: IpFilterSource;
  /**
   * Finds peers in the own network (BEP 14), on the interfaces where we listen. Default true; private torrents never take
   * part, and who does not listen neither.
   */
  readonly lsd?: boolean;
  /** Tells peers of each other and hears from them of others (BEP 11). Default true; private torrents never do. */
  readonly pex?: boolean;
  /**
   * Finds peers in the distributed hash table (BEP 5), and takes part in it: over IPv4 and IPv6, on the UDP port of the same
   * number as the TCP port. Default true; private torrents never use it. `false` opens no UDP socket for it.
   */
  readonly dht?: boolean | DhtOptions;
  /**
   * Asks gateways (PCP, NAT-PMP, UPnP) to let peers in at our ports, TCP and UDP, through IPv4's translation and IPv6's
   * firewall, until the client closes. Default true; nothing is asked when we listen nowhere, or on this machine alone.
   */
  readonly portMapping?: boolean;
  /**
   * Message stream encryption. `allow`: connect plainly, encrypted where that is refused, and accept both. `prefer`: connect
   * encrypted, plainly where that is refused, and accept both. `require`: every byte of every connection is encrypted
   * (RC4), peers that do not encrypt are left alone. `off`: nothing is. It hides what is spoken from the network between,
   * keeps no secret, and costs either side 1.2 to 1.3 ms of CPU a MiB (`npm run bench -- codec`). Default: `allow`.
   */
  readonly encryption?: EncryptionMode;
  /**
   * uTP (BEP 29), which goes over UDP, gives way to other traffic and gets through more routers, beside TCP. `on`: peers are
   * dialled over both, TCP a quarter of a second earlier, the first answer counts, and both are accepted. `prefer`: uTP is
   * dialled earlier. `off`: TCP alone. Default: `on`.
   */
  readonly utp?: UtpMode;
  /**
   * Asks whatever trackers and web seeds a torrent names, also in this machine's own network. Default false: there, trackers
   * need a URL whose path is `/announce`, web seeds one without a query, no redirect leads there from the internet, and no
   * tracker of the internet names peers there: a torrent is a stranger's word.
   */
  readonly allowLocal?: boolean;
  /**
   * A proxy that everything goes out through: peers, trackers, web seeds, torrent files from the web, and with SOCKS5 also
   * the DHT, UDP trackers and uTP. `socks5://[USER:PASSWORD@]HOST[:PORT]`, `socks5h://…` (the same: names are always
   * resolved at the proxy) or `http://…` (CONNECT, which carries TCP alone). Nothing goes past it: the client then does not
   * listen unless `listen` says so, tells nobody a port, and leaves local discovery and port mapping out
   * (docs/privacy.md). What is no such URL is an InputError ERR_PROXY_URL. Default: none; variables of the environment
   * are not looked at.
   */
  readonly proxy?: string;
  /**
   * An address of this machine, or an interface such as `tun0`, that every socket is bound to: what comes and what goes,
   * questions to name servers too. While it is not there nothing goes out at all (ERR_BIND_ADDRESS). Default: as the system
   * routes.
   */
  readonly bind?: string;
  /**
   * When what comes from the network and the disk is taken in: `immediate`, in the read that brought it; `tick-50` and
   * `tick-100`, every 50 or 100 ms; `adaptive`, every 50 ms, and earlier when 32 blocks wait. docs/performance.md has
   * what each costs. Default: `immediate`.
   */
  readonly scheduling?: Scheduling;
  /**
   * `auto`: SHA-1 of three pieces side by side, or of sixteen, where the module of native/ was built and the CPU can do that;
   * elsewhere, and with `node`, node:crypto, one piece after the other. Default: `auto`.
   */
  readonly hashing?: Hashing;
  /** Collects per-stage times (`Client.profile`). Default false: it then costs nothing. */
  readonly profile?: boolean;
}

/**
 * Where an IP filter comes from: the path of a list, plain or gzipped, or its lines. Every line is a range in PeerGuardian's
 * p2p text, eMule's `ipfilter.dat` or CIDR, or a single address; IPv4 or IPv6.
 */
export type IpFilterSource = string | readonly string[];

/** What a list of addresses came to. */
export interface IpFilterReport {
  /** Ranges in force: those that touch count as one. */
  readonly ranges: number;
  /** Lines that nobody can read. */
  readonly skippedLines: number;
  /** Number of the first of these, from 1; 0 without any. */
  readonly firstSkippedLine: number;
  /** Ranges left out because there are too many. */
  readonly excessRanges: number;
}

/** How urgently a file is wanted: a piece comes the earlier, the more urgent its most urgent file is. `skip`: not at all. */
export type FilePriority = 'skip' | 'low' | 'normal' | 'high';

/** Rate limits, in bytes per second; 0 is none, and what is not named stays as it is. */
export interface RateLimits {
  readonly downloadBytesPerSecond?: number;
  readonly uploadBytesPerSecond?: number;
}

/** What a client or a torrent may use; what is not named stays as it is. */
export interface Limits extends RateLimits {
  /** Most connected peers, at least 1. When it is lowered, the least useful ones have to go. */
  readonly peersMax?: number;
}

/** The same of one torrent. */
export interface TorrentLimitChanges extends Limits {
  /** Most peers that may download from us at once, at least 1. It counts from the next round of choking, within ten seconds. */
  readonly uploadSlotsMax?: number;
}

/** Files of a torrent by index, or what picks them once the torrent's files are known: those of a magnet link are so only then. */
export type FileSelection = readonly number[] | ((files: readonly MetainfoFile[]) => readonly number[]);

/** The same with a priority for each. */
export type PrioritySelection =
  | Readonly<Record<number, FilePriority>>
  | ((files: readonly MetainfoFile[]) => Readonly<Record<number, FilePriority>>);

/** How one torrent is downloaded. */
export interface AddOptions {
  /**
   * Folder that receives the files; made when it is missing. A torrent of several files makes a folder of its name in
   * it. Default: the working directory.
   */
  readonly directory?: string;
  /**
   * The files to download. What a function throws is what `Client.add` rejects with. `Torrent.select` changes it. Default: what
   * was saved of an earlier run, or all.
   */
  readonly select?: FileSelection;
  /**
   * Priorities by file index, beyond what `select` says; files that are not named are `normal`. Given, even empty, it
   * stands in place of what was saved. `Torrent.setPriorities` changes it.
   */
  readonly priorities?: PrioritySelection;
  /** Download limit of this torrent, inside that of the client. Default 0: none. `Torrent.limit` changes it. */
  readonly downloadBytesPerSecond?: number;
  /** Upload limit of this torrent, inside that of the client. Default 0: none. `Torrent.limit` changes it. */
  readonly uploadBytesPerSecond?: number;
  /** Most peers of this torrent connected at once, up to 100. Default 100; the client's `peersMax` holds as well. `Torrent.limit` changes it. */
  readonly peersMax?: number;
  /** Most peers of this torrent that may download from us at once. Default: as the upload rate allows. `Torrent.limit` changes it. */
  readonly uploadSlotsMax?: number;
  /** Fetch pieces in order. Default false: rarest first. */
  readonly sequential?: boolean;
  /** Peers to connect to at once and again whenever they go. */
  readonly peers?: readonly PeerAddress[];
  /** Announce to the trackers of the torrent. Default true. */
  readonly trackers?: boolean;
  /** Download from the torrent's web seeds, too. Default true. */
  readonly webSeeds?: boolean;
  /** Go on uploading once complete. Default true; `false` then disconnects everyone, the state being `seeding` all the same. */
  readonly seed?: boolean;
  /**
   * Super-seeding, for the only seed of a torrent (BEP 16): peers are shown piece by piece, so that hardly any is sent
   * twice until there is another seed. Nothing while pieces are missing. Default false.
   */
  readonly superSeed?: boolean;
  /** When to pause after all: `Torrent.setSeedGoal` changes it, the event `goal` tells of it. Default: never. */
  readonly seedGoal?: SeedGoal;
  /** Reserve the files' full size on disk before the download. Default false: files grow sparsely. */
  readonly preallocate?: boolean;
  /**
   * What becomes of files that are there already. `resume`: believe what was saved of an earlier run where the files
   * still match it, hash the rest. `check`: hash them all. `trust`: take them for complete, unread. Default: `resume`.
   */
  readonly existing?: 'resume' | 'check' | 'trust';
  /** Ends the waiting of `Client.add`, for a web server or for the metadata of a magnet link. */
  readonly signal?: AbortSignal;
}

/** How metadata is looked for: those of `AddOptions` that have to do with it. */
export type FetchOptions = Pick<
  AddOptions,
  'peers' | 'trackers' | 'downloadBytesPerSecond' | 'uploadBytesPerSecond' | 'peersMax' | 'signal'
>;

/** A snapshot of the search for a magnet link's metadata. */
export interface SearchProgress {
  /** 40 lower-case hexadecimal digits. */
  readonly infoHash: string;
  /** What the link calls the torrent; anybody can write anything there. */
  readonly name?: string;
  /** Connected peers. */
  readonly peers: number;
  /** Those of them that say they have the metadata. */
  readonly sources: number;
  /** Share of the metadata that is there, 0…1. */
  readonly share: number;
  /** Present while nobody gives us any. */
  readonly stall?: StallReason;
}

/**
 * Where a torrent is in its life: `opening` its files and `checking` what they hold, `downloading`, `seeding` when all
 * that is selected is there, `paused` by `pause`, stopped by an `error`, or no longer its client's: `removed`.
 */
export type TorrentState = 'opening' | 'checking' | 'downloading' | 'seeding' | 'paused' | 'error' | 'removed';

/** How a connected peer was found: named by the user or a magnet link, in the own network (`lsd`), by a tracker, the DHT, another peer, or by itself. */
export type PeerSource = 'user' | 'lsd' | 'tracker' | 'dht' | 'pex' | 'incoming';

/** How the files are moved. */
export interface MoveOptions {
  /** Replace what is in the way. Default false: then nothing is moved. */
  readonly overwrite?: boolean;
}

/** Why nothing comes in, in words that a user can act on. */
export interface StallReason {
  /** Stable, for programs. */
  readonly code: StallCode;
  /** One sentence for people. */
  readonly message: string;
}

/** A snapshot of a torrent's progress. Counts are of the pieces that hold a byte of a selected file. */
export interface TorrentProgress {
  readonly state: TorrentState;
  /** Bytes verified and on disk, in whole pieces. */
  readonly bytesDone: number;
  readonly bytesWanted: number;
  readonly piecesDone: number;
  readonly piecesWanted: number;
  /** Payload received per second, smoothed. */
  readonly downloadBytesPerSecond: number;
  /** Payload sent per second, smoothed. */
  readonly uploadBytesPerSecond: number;
  /** Payload sent in this and, as far as resume data tells, in earlier runs. */
  readonly uploadedBytes: number;
  /** Those over all bytes that are verified on disk; 0 while there are none. */
  readonly ratio: number;
  /** Web seeds that could be asked, or are. */
  readonly webSeeds: number;
  /** Connected peers. */
  readonly peers: number;
  /** How they were found: kinds that nobody was found by are absent. */
  readonly peersFrom: Partial<Readonly<Record<PeerSource, number>>>;
  /** Those of them that are connected over uTP. */
  readonly utpPeers: number;
  /** Those of them that have every piece. */
  readonly seeds: number;
  /** Those that have all they want, though not every piece (BEP 21). */
  readonly partialSeeds: number;
  /** Seconds left at the present rate; absent when nothing comes in. */
  readonly etaSeconds?: number;
  /** Share of a running check that is done, 0…1; present while `state` is `checking`. */
  readonly checked?: number;
  /** Share of the files' bytes that are moved, 0…1; present while `move` or `renameFile` is under way. */
  readonly moved?: number;
  /** Present when the torrent is downloading and nothing comes in. */
  readonly stall?: StallReason;
}

/** What became of the bytes that were received. */
export interface DataPathStats {
  /** Block bytes that a socket wrote straight into their place in piece memory. */
  readonly placedBytes: number;
  /** Block bytes that were copied once on their way to their place. */
  readonly copiedBytes: number;
  /** Block bytes that were thrown away: duplicates, late, unrequested, or of pieces that failed their hash. */
  readonly wastedBytes: number;
  /** Bytes read back from disk to be hashed, outside of a recheck. */
  readonly readBackBytes: number;
  /** Reads that sockets made. */
  readonly reads: number;
  /** Block bytes that were copied on their way out, because they left encrypted. */
  readonly sealedBytes: number;
}

/** A file of a torrent. */
export interface TorrentFile {
  /** What `select` calls it. */
  readonly index: number;
  /** Path below the download folder, `/` between its parts. */
  readonly path: string;
  /** In bytes. */
  readonly length: number;
  /** Bytes verified and on disk. */
  readonly bytesDone: number;
  /** It is downloaded: its priority is not `skip`. */
  readonly selected: boolean;
  readonly priority: FilePriority;
  /** Alignment filler (BEP 47): never written to disk. */
  readonly pad: boolean;
}

/** Something went wrong that stops nothing: a tracker that fails, a banned peer, a link left out of a new torrent. */
export interface TorrentWarning {
  /** Stable, for programs: one of those in docs/errors.md. */
  readonly code: string;
  /** One sentence for people. */
  readonly message: string;
}

/** The events of a Torrent. None comes before the turn in which `Client.add` resolved is over. */
export interface TorrentEvents {
  /** The torrent's state is another now. */
  state: [state: TorrentState];
  /** A piece, of this index, was verified and is on disk. */
  piece: [piece: number];
  /** Something went wrong that does not stop the torrent. */
  warning: [warning: TorrentWarning];
  /** Every selected piece is on disk, perhaps from the start. Comes once, and again after `select` asked for more. */
  done: [];
  /** The goal of seeding was reached and the torrent has paused; `resume` seeds on, without a goal. */
  goal: [reached: SeedGoalReached];
  /** The torrent stopped; `resume` tries again. Unlike other errors of emitters it may go unheard. */
  error: [error: MillraceError];
}
