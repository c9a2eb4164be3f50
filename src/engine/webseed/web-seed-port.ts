// The boundary to whoever fetches from web seeds (BEP 17, 19). As with the ports of engine/ports.ts, no call answers at
// once, blocks or throws: answers come through the sink. A web seed has the number of a link, and owns places as links do.
import type { LinkId } from '../ports.ts';

/** A file of the torrent, as a web seed has it. */
export interface WebSeedFile {
  /** The parts of its path, the torrent's name first, as the torrent spells them. */
  readonly path: readonly string[];
  readonly offset: number;
  readonly length: number;
  /** Zeros that no server has (BEP 47). */
  readonly pad: boolean;
}

/** What all web seeds of a torrent have in common. */
export interface WebSeedContent {
  readonly infoHash: Uint8Array;
  readonly pieceBytes: number;
  readonly files: readonly WebSeedFile[];
  /** The torrent is one file, and no folder. */
  readonly single: boolean;
}

/** Where a web seed is, and how it wants to be asked: for ranges of files (BEP 19) or for parts of pieces (BEP 17). */
export interface WebSeedAddress {
  readonly kind: 'files' | 'pieces';
  readonly url: string;
}

/**
 * What became of a request.
 * - `busy`: the server could not be asked, or wants to be left alone for a while.
 * - `absent`: it does not have this file, or another one by its name.
 * - `unfit`: it will never do.
 */
export interface WebSeedFailure {
  readonly kind: 'busy' | 'absent' | 'unfit';
  /** ERR_WEB_SEED_…, ERR_HTTP_… or an errno name. */
  readonly code: string;
  readonly message: string;
  /** What the server asks for (Retry-After, BEP 17's number). */
  readonly retryAfterMs?: number;
  /** For `absent`: which file. */
  readonly file?: number;
}

export interface WebSeedPort {
  /** Makes a web seed known. Nothing is connected before something is requested. */
  open(link: LinkId, address: WebSeedAddress, content: WebSeedContent): void;
  /** Asks for `count` records of `batch` (REQUEST_STRIDE) in their order. Neighbours are fetched by one request. */
  request(link: LinkId, batch: Int32Array, count: number): void;
  /** Stops expecting a block; answered by RETURNED, or by LANDED when it was already coming in. */
  revoke(link: LinkId, piece: number, begin: number): void;
  /** Ends what is under way: every block comes back. The web seed can be asked again after. */
  hangUp(link: LinkId): void;
  /** Forgets the web seed; answered by `webSeedClosed`. */
  close(link: LinkId): void;
}

export interface WebSeedSink {
  /** Blocks that landed or were returned: `count` records of BLOCK_STRIDE integers. */
  webSeedBlocks(batch: Int32Array, count: number): void;
  /** A request failed. Every block that the web seed owes is returned after. */
  webSeedFailed(link: LinkId, failure: WebSeedFailure): void;
  /** The server cannot begin in the middle of a file: it is best asked for blocks in their order. */
  webSeedRangeless(link: LinkId): void;
  /** Bytes came that were skipped, because the server sends whole files only. */
  webSeedSkipped(link: LinkId, bytes: number): void;
  /** The web seed holds no place any more. Comes exactly once for each `close`. */
  webSeedClosed(link: LinkId): void;
}
