// What we know of one web seed. Data only: decisions about it are taken in web-seeds.ts.
import { Bitfield } from '../../base/bitfield.ts';
import { RateMeter } from '../../base/rate-meter.ts';
import { DownloadPeer } from '../picker/download-peer.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import type { LinkId } from '../ports.ts';
import { RequestWindow } from '../swarm/request-window.ts';
import type { Supplier } from '../torrent/supplier.ts';
import type { WebSeedAddress, WebSeedFailure } from './web-seed-port.ts';

export class WebSeed implements Supplier {
  readonly address: WebSeedAddress;
  readonly link: LinkId;
  readonly pieces: PeerPieces;
  readonly debt: DownloadPeer;
  readonly window: RequestWindow = new RequestWindow();
  readonly download: RateMeter = new RateMeter();
  readonly inStretches = true;
  readonly chokingUs = false;
  /** It counts among those who have pieces. */
  ready = false;
  /** It is not asked any more: it was banned, or the torrent stands still. */
  closing = false;
  /** It gets nothing more to do, and is closed when it owes nothing: one connection too many. */
  retiring = false;
  /** It sends whole files only: a second connection would bring everything again. */
  rangeless = false;
  lastBlockMs = 0;
  refusals = 0;
  restUntilMs = 0;
  starving = false;
  /** Failures in a row. */
  failures = 0;
  /** How often in a row it was not reached because our own way out was closed. */
  outages = 0;
  /** The last one, until something lands. */
  failure: WebSeedFailure | undefined;

  constructor(address: WebSeedAddress, link: LinkId, pieceCount: number) {
    this.address = address;
    this.link = link;
    const have = new Bitfield(pieceCount);
    have.fill();
    this.pieces = new PeerPieces(have);
    this.debt = new DownloadPeer(link, this.pieces);
  }
}
