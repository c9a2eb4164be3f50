// Whoever blocks can be asked of: a peer or a web seed, as the intake sees it.
import type { RateMeter } from '../../base/rate-meter.ts';
import type { DownloadPeer } from '../picker/download-peer.ts';
import type { PeerPieces } from '../picker/peer-pieces.ts';
import type { LinkId } from '../ports.ts';
import type { RequestWindow } from '../swarm/request-window.ts';

export interface Supplier {
  readonly link: LinkId;
  readonly pieces: PeerPieces;
  /** What it owes. */
  readonly debt: DownloadPeer;
  readonly window: RequestWindow;
  readonly download: RateMeter;
  /** It serves a long stretch for the price of one request: a web seed. */
  readonly inStretches: boolean;
  readonly ready: boolean;
  readonly closing: boolean;
  readonly chokingUs: boolean;
  /** When its last block landed, or when we began to wait for one. */
  lastBlockMs: number;
  /** Refusals since, and until when it is not asked because of them. */
  refusals: number;
  restUntilMs: number;
  /** It was asked for less than it could take, and is asked again when the reason is gone. */
  starving: boolean;
}
