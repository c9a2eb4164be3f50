// What we know of one connected peer. Data only: decisions about it are taken in conversation.ts, in the torrent's
// download and upload, and by the choker.
import { RateMeter } from '../../base/rate-meter.ts';
import { DownloadPeer } from '../picker/download-peer.ts';
import type { PeerPieces } from '../picker/peer-pieces.ts';
import type { DialTarget, LinkId, PeerAddress } from '../ports.ts';
import type { Supplier } from '../torrent/supplier.ts';
import { UploadPeer } from '../upload/upload-peer.ts';
import { BlockPace } from './block-pace.ts';
import { plainHost } from './candidates.ts';
import type { FastGrants } from './fast-grants.ts';
import { PeerOffers } from './peer-offers.ts';
import { RequestWindow } from './request-window.ts';
import { Talk } from './talk.ts';

/** A link that belongs to a torrent, from the dial or the incoming handshake until it is closed. */
export class Peer implements Supplier {
  readonly link: LinkId;
  readonly address: PeerAddress;
  readonly incoming: boolean;
  /** Numeric address, as far as it is known: a name may have been dialled. */
  host: string;
  /** The address book counts the peer's listening address as connected because of this link. */
  claimsCandidate: boolean;
  readonly inStretches = false;
  /** True once both handshakes were exchanged: only then `pieces` and the flags below mean something. */
  ready = false;
  /** Set when we decided to end the link; nothing more is done with it. */
  closing = false;
  /** The link goes over uTP (BEP 29): the peer speaks it. */
  utp: boolean;
  peerId: Uint8Array = new Uint8Array(0);
  clientName: string | undefined;
  /** Both sides speak the fast extension (BEP 6). */
  fast = false;
  /** The peer speaks the extension protocol (BEP 10). */
  extensions = false;
  /** It runs a node of the DHT (BEP 5). */
  dht = false;
  /** What its extended handshakes said. */
  readonly offers: PeerOffers = new PeerOffers();
  /** What the peer has, and how many of these we want: we are interested while there are any. */
  readonly pieces: PeerPieces;
  /** A message that may only come first (bitfield, have all, have none) can still come. */
  mayDeclarePieces = true;
  /** It can still say, later on, that it has all by now. */
  mayComplete = true;

  chokingUs = true;
  interestedInUs = false;
  weChoke = true;
  weAreInterested = false;
  snubbed = false;

  readonly window: RequestWindow = new RequestWindow();
  readonly pace: BlockPace = new BlockPace();
  /** What it owes us, for the picker. */
  readonly debt: DownloadPeer;
  /** Requests that we took back and whose blocks may still come without being the peer's fault. */
  blocksForgiven = 0;
  /** Blocks that nobody asked for. */
  unrequestedBlocks = 0;
  /** Refusals since the last block that landed, and until when the peer is not asked because of them. */
  refusals = 0;
  restUntilMs = 0;
  /** Why the last refill asked for less than the window allows; such peers are asked again when it changes. */
  starving = false;

  /** What it may have although we choke it; `undefined` until it said what it has. */
  grants: FastGrants | undefined;
  /** What it wants of us, and what is on its way to it. */
  readonly uploads: UploadPeer = new UploadPeer();

  /** When a block last left for it, or nothing was on its way; and how many bytes had left then. */
  lastTakenMs = 0;
  takenBytes = 0;

  /** Since when nothing was traded and nothing waited for, and what was traded by then; kept by `noteUse`. */
  idleSinceMs: number = Number.POSITIVE_INFINITY;
  tradedBytes = 0;
  /** When it was last choked, and whether it was then given a slot and asked for nothing. */
  chokedMs: number = Number.NEGATIVE_INFINITY;
  declinedSlot = false;

  readonly download: RateMeter = new RateMeter();
  readonly upload: RateMeter = new RateMeter();
  connectedMs = 0;
  lastMessageMs = 0;
  lastSentMs = 0;
  /** When the last block landed, or when we began to wait for one. */
  lastBlockMs = 0;
  snubbedMs = 0;
  readonly talk: Talk = new Talk();

  constructor(link: LinkId, address: DialTarget, incoming: boolean, pieces: PeerPieces) {
    this.link = link;
    this.address = address;
    this.host = address.host;
    this.utp = address.via === 'utp';
    this.incoming = incoming;
    this.claimsCandidate = !incoming;
    this.pieces = pieces;
    this.debt = new DownloadPeer(link, pieces);
  }
  /** Where the peer can be dialled, as far as we know. */
  get listening(): PeerAddress | undefined {
    if (!this.incoming) return this.address;
    const { port } = this.offers;
    return port === undefined ? undefined : { host: plainHost(this.address), port };
  }
}
