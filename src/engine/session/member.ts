// What a session holds links for: a torrent, or the search for the metadata of one. Everything that can happen to it and
// that has to do with peers, trackers and time comes through here.
import type { SourceError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { Handshake } from '../../protocol/wire/handshake.ts';
import type { PeerContacts } from '../extensions/peer-contacts.ts';
import type { DialTarget, LinkEnd, LinkId } from '../ports.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** What can happen to every member. */
export type MemberEvent =
  | { readonly type: 'connected'; readonly peer: Peer }
  | { readonly type: 'handshake'; readonly peer: Peer; readonly handshake: Handshake }
  | { readonly type: 'message'; readonly peer: Peer; readonly id: number; readonly payload: Uint8Array }
  | { readonly type: 'keep-alive'; readonly peer: Peer }
  | { readonly type: 'closed'; readonly peer: Peer; readonly end: LinkEnd }
  | { readonly type: 'announced'; readonly ticket: number; readonly answer: AnnounceReply | SourceError }
  /** The IP filter is another one. */
  | { readonly type: 'filtered' }
  /** Our own way out, which was closed, is open again. */
  | { readonly type: 'way-open' }
  | { readonly type: 'close' }
  | { readonly type: 'tick' };

/** A member of a session. */
export interface Member {
  readonly infoHash: Uint8Array;
  /** The first of its tickets for announces. */
  readonly ticketBase: number;
  readonly swarm: Swarm;
  /** Tells which connections are worth more than others (BEP 40). */
  readonly contacts: Pick<PeerContacts, 'priorityOf' | 'lesserThan'>;
  /** The own network may be told of it (BEP 14): not of private torrents (BEP 27). */
  readonly local: boolean;
  /** Strangers may come in now. */
  readonly welcoming: boolean;
  /** A link to this member begins: dialled by us, or accepted and known by its handshake. */
  admit(link: LinkId, address: DialTarget, incoming: boolean): Peer;
  /** A peer makes room for another one. */
  replace(peer: Peer): void;
  /** The next address to dial, if the member wants one. */
  candidate(): DialTarget | undefined;
  /** When it next has something to do if nothing happens to it: it needs no tick before. */
  restsUntilMs(nowMs: number): number;
  dispatch(event: MemberEvent): void;

  // The data plane: called per block, straight from the host's batches.

  messagesDone(peer: Peer): void;
  blockLanded(peer: Peer, piece: number, begin: number, length: number): void;
  blockReturned(peer: Peer, piece: number, begin: number): void;
  blockWasted(peer: Peer, length: number): void;
  /** A batch of blocks was taken in. */
  blocksDone(): void;
  /** The peer asks for a block. */
  blockRequested(peer: Peer, piece: number, begin: number, length: number): void;
  /** So many blocks have left for the peer. */
  served(peer: Peer, count: number): void;
}
