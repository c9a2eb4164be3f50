// The boundary between the engine, which decides, and its host, which acts. Everything the engine asks of the world
// and everything it hears from it is on this page; nothing above it knows a socket, a file or a thread.
//
// Data-plane traffic crosses in packed batches of 32-bit integers, so that a host may live in other threads or
// outside of Node. A *place* is a frame of piece memory: the index of a 16 KiB unit of the arena (engine/memory).
//
//   who owns a place                                        until
//   ------------------------------------------------------  ---------------------------------------------
//   a link, from `request` on                               `blocks` reports it LANDED or RETURNED, or `closed`
//   a disk worker, from `storeRuns` on                      `runsStored` reports it
//   a disk worker, from `readBlocks` on                     `blocksRead` reports it
//   a link that reads it, from `serve` on                   `served` counts it, or `closed`
import type { StorageError } from '../base/errors.ts';

/** A connection to a peer. Numbers are never used twice within a session. */
export type LinkId = number;

/** An opened set of files. */
export type StoreId = number;

/** Where a peer can be reached. `host` is a numeric address or a name. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/** What carries a link: TCP, or uTP over UDP (BEP 29). The engine treats both alike. */
export type Transport = 'tcp' | 'utp';

/** Whom to dial; with `via`, in this way alone: a hole is punched for uTP (BEP 55). */
export interface DialTarget extends PeerAddress {
  readonly via?: Transport;
}

/** Layout of a record in `PeerPort.request`: one wanted block and the place reserved for it. */
export const REQUEST_STRIDE = 4;
export const REQUEST_PIECE = 0;
export const REQUEST_BEGIN = 1;
export const REQUEST_LENGTH = 2;
export const REQUEST_PLACE = 3;

/** Layout of a record in `PeerSink.blocks`. */
export const BLOCK_STRIDE = 5;
export const BLOCK_LINK = 0;
export const BLOCK_PIECE = 1;
export const BLOCK_BEGIN = 2;
export const BLOCK_LENGTH = 3;
export const BLOCK_OUTCOME = 4;

/** The block is complete in the place that was reserved for it; the link will not write there again. */
export const OUTCOME_LANDED = 0;
/** The expectation was revoked before the block came: the place is the engine's again. */
export const OUTCOME_RETURNED = 1;
/** A block came that this link was not (or no longer) expected to send: its bytes were thrown away. */
export const OUTCOME_WASTED = 2;

/** Layout of a record in `PeerSink.requests`: what a peer asks for, as it sent it; large numbers come out negative. */
export const ASKED_STRIDE = 3;
export const ASKED_PIECE = 0;
export const ASKED_BEGIN = 1;
export const ASKED_LENGTH = 2;

/**
 * Layout of a record in `PeerPort.serve`: a block, and where its bytes are, `SERVE_OFFSET` bytes behind the start of a
 * place. The same 16 KiB frame is never served as two different blocks at once.
 */
export const SERVE_STRIDE = 5;
export const SERVE_PIECE = 0;
export const SERVE_BEGIN = 1;
export const SERVE_LENGTH = 2;
export const SERVE_PLACE = 3;
export const SERVE_OFFSET = 4;

/** What the engine asks of connections. No call throws, blocks or answers at once: answers come through `PeerSink`. */
export interface PeerPort {
  /**
   * Opens a connection; answered by `connected` or `closed`. The torrent's info hash is the key of an encrypted one
   * (MSE): it is known by those alone who share the torrent.
   */
  connect(link: LinkId, target: DialTarget, timeoutMs: number, infoHash: Uint8Array): void;
  /** Strangers may ask for this torrent over encrypted connections, too: without its info hash they are not understood. */
  share(infoHash: Uint8Array): void;
  unshare(infoHash: Uint8Array): void;
  /** Sends control bytes. The host takes them over: the caller must not change them afterwards. */
  send(link: LinkId, bytes: Uint8Array): void;
  /** Longest message, in bytes after the length prefix, that the peer may send from now on, PIECE apart. */
  limitMessages(link: LinkId, bytesMax: number): void;
  /** Sends REQUEST for `count` records of `batch` and expects each block at its place. The batch is read at once. */
  request(link: LinkId, batch: Int32Array, count: number): void;
  /**
   * Stops expecting a block; with `cancel`, sends CANCEL too. Answered by RETURNED, or by LANDED when the block was
   * already coming in: a socket keeps the destination it was given until its next read.
   */
  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void;
  /** Revokes everything that the link was asked for. */
  revokeAll(link: LinkId, cancel: boolean): void;
  /**
   * Sends PIECE for `count` records of `batch`, in their order; answered by `served`. Until then the bytes must stay as
   * they are. Several links may be served the same bytes. The batch is read at once.
   */
  serve(link: LinkId, batch: Int32Array, count: number): void;
  /**
   * Puts the block behind one place behind another, for an endgame duplicate that came first. Both are the engine's; what
   * is behind the first one afterwards means nothing, so a host may exchange the two rather than copy.
   */
  move(fromPlace: number, toPlace: number): void;
  /** Ends the connection; answered by `closed`. */
  close(link: LinkId): void;
}

/** Why a link ended. `code` is stable: ERR_LINK_…, ERR_WIRE_…, an errno name, or an outage. */
export interface LinkEnd {
  readonly code: string;
  readonly message: string;
}

const OUTAGES: ReadonlySet<string> = new Set([
  'ERR_PROXY_CONNECT',
  'ERR_PROXY_AUTH',
  'ERR_PROXY_REPLY',
  'ERR_BIND_ADDRESS',
]);

/** Whether a code says that nobody can be reached, because our own way out is closed: the proxy, or what we are bound to. */
export function isOutage(code: string): boolean {
  return OUTAGES.has(code);
}

/** What the engine hears of connections. Views are valid during the call only. */
export interface PeerSink {
  /** The link stands. `host` is the numeric address, where the host knows it: a name was perhaps dialled. */
  connected(link: LinkId, host?: string, transport?: Transport): void;
  /** Whether somebody who dials us could be let in; a host asks before it spends a link on him. Absent: perhaps. */
  admits?(address: PeerAddress): boolean;
  /** A stranger connected to our listening port. The engine answers with `send` and goes on, or with `close`. */
  incoming(link: LinkId, address: PeerAddress, transport?: Transport): void;
  /** The 68 bytes of the peer's handshake (BEP 3). */
  handshake(link: LinkId, bytes: Uint8Array): void;
  /** REQUESTs, `count` records of `batch`, before any message that came after them. */
  requests(link: LinkId, batch: Int32Array, count: number): void;
  /** Any message but PIECE, REQUEST and keep-alive, and REQUESTs of the wrong length: its id and what follows. */
  message(link: LinkId, id: number, payload: Uint8Array): void;
  /** An empty message: the peer is still there. */
  keepAlive(link: LinkId): void;
  /** All messages that came with one read were told: what they ask for can be answered in one go. */
  messagesDone(link: LinkId): void;
  /** Blocks that landed, were returned or were wasted: `count` records of `BLOCK_STRIDE` integers. */
  blocks(batch: Int32Array, count: number): void;
  /** The oldest `count` blocks that the link was given to serve, and that were not counted yet, have left. */
  served(link: LinkId, count: number): void;
  /** The link is gone and holds no place any more. Comes exactly once for every link. */
  closed(link: LinkId, end: LinkEnd): void;
}

/** Layout of a record in `StoragePort.storeRuns`: a complete run of a piece, to be hashed and written from its place. */
export const RUN_STRIDE = 4;
export const RUN_STORE = 0;
export const RUN_PIECE = 1;
export const RUN_INDEX = 2;
export const RUN_PLACE = 3;

/** Layout of a record in `StorageSink.runsStored`. */
export const STORED_STRIDE = 4;
export const STORED_STORE = 0;
export const STORED_PIECE = 1;
export const STORED_RUN = 2;
export const STORED_OUTCOME = 3;

/** The run is written (and hashed so far); the piece still lacks other runs. */
export const STORED_PART = 0;
/** The run was the piece's last missing one; the piece is on disk and matches its hash. */
export const STORED_VERIFIED = 1;
/** The run was the piece's last missing one; the piece does not match its hash and must be fetched again. */
export const STORED_CORRUPT = 2;
/** The disk refused; `storageFailed` says why. The piece must be fetched again. */
export const STORED_FAILED = 3;

/**
 * Layout of a record in `StoragePort.readBlocks`: up to a run of one piece, to be read into the slot that begins at a
 * place. `READ_TICKET` comes back.
 */
export const READ_STRIDE = 6;
export const READ_STORE = 0;
export const READ_PIECE = 1;
export const READ_BEGIN = 2;
export const READ_LENGTH = 3;
export const READ_PLACE = 4;
export const READ_TICKET = 5;

/** Layout of a record in `StorageSink.blocksRead`. `READ_DONE_OK` is 1, or 0 when the disk refused. */
export const READ_DONE_STRIDE = 3;
export const READ_DONE_STORE = 0;
export const READ_DONE_TICKET = 1;
export const READ_DONE_OK = 2;

/**
 * Layout of a record in `StorageSink.blocksDiffered`: a block of a failed version of a piece that is not what the piece
 * was verified with. Versions count from 0, one for each STORED_CORRUPT since the piece was last verified.
 */
export const DIFFERENCE_STRIDE = 4;
export const DIFFERENCE_STORE = 0;
export const DIFFERENCE_PIECE = 1;
export const DIFFERENCE_VERSION = 2;
export const DIFFERENCE_BLOCK = 3;

/** Failed versions of one piece that are compared with the good one: after so many, more say nothing new. */
export const FAILED_VERSIONS_MAX = 8;

/** What the engine asks of the disk. Calls return at once; a batch is read before the call returns. */
export interface StoragePort {
  /** Hashes and writes `count` runs in place. Runs of a piece may come in any order, each once. */
  storeRuns(batch: Int32Array, count: number): void;
  /** Forgets the runs of a piece that were stored so far; the piece will be stored again from its first run. */
  forgetPiece(store: StoreId, piece: number): void;
  /** Reads parts of verified pieces into their slots; answers in batches of its own choosing, as soon as it has some. */
  readBlocks(batch: Int32Array, count: number): void;
}

/** What the engine hears of the disk. */
export interface StorageSink {
  runsStored(batch: Int32Array, count: number): void;
  /**
   * Blocks of pieces that failed earlier, told before the STORED_VERIFIED that made them known. The disk remembers a
   * digest per block of what failed; it may tell nothing when it could not read them, or had too many to remember.
   */
  blocksDiffered(batch: Int32Array, count: number): void;
  blocksRead(batch: Int32Array, count: number): void;
  /** The reason behind the STORED_FAILED or failed reads that follow. */
  storageFailed(store: StoreId, error: StorageError): void;
}
