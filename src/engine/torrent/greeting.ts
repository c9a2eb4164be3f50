// How a connection begins: handshakes (BEP 3), what each side offers (BEP 6, BEP 10), and whom we would rather not meet.
import type { Bitfield } from '../../base/bitfield.ts';
import { equalBytes, toHex } from '../../base/bytes.ts';
import { EXTENSION_IDS } from '../../protocol/extension/extension-table.ts';
import {
  EXTENDED_HANDSHAKE_ID,
  type ExtendedHandshake,
  encodeExtendedHandshake,
} from '../../protocol/extension/handshake.ts';
import { encodeHandshake, type Handshake } from '../../protocol/wire/handshake.ts';
import {
  encodeBitfield,
  encodeExtended,
  encodePort,
  HAVE_ALL_MESSAGE,
  HAVE_NONE_MESSAGE,
} from '../../protocol/wire/message-writer.ts';
import type { WireMessage } from '../../protocol/wire/messages.ts';
import type { Dht } from '../dht/dht.ts';
import { WANTED_PER_PEER_MAX } from '../limits.ts';
import { plainHost } from '../swarm/candidates.ts';
import type { Peer } from '../swarm/peer.ts';

/** Why a peer is turned away. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What a welcome is decided on. */
export interface WelcomeFacts {
  readonly infoHash: Uint8Array;
  readonly ownPeerId: Uint8Array;
}

/** Our handshake: we speak the fast extension and the extension protocol, and may run a node of the DHT. */
export function greeting(infoHash: Uint8Array, peerId: Uint8Array, dht: boolean): Uint8Array {
  return encodeHandshake({ infoHash, peerId, extensions: true, fast: true, dht });
}

/** Takes in the peer's handshake, or says why the peer has to go. */
export function welcome(peer: Peer, handshake: Handshake, facts: WelcomeFacts): Refusal | undefined {
  if (!equalBytes(handshake.infoHash, facts.infoHash)) {
    return { code: 'ERR_PEER_INFO_HASH', message: 'shares another torrent' };
  }
  if (equalBytes(handshake.peerId, facts.ownPeerId)) return { code: 'ERR_PEER_SELF', message: 'is ourselves' };
  peer.peerId = new Uint8Array(handshake.peerId);
  peer.fast = handshake.fast;
  peer.extensions = handshake.extensions;
  peer.dht = handshake.dht;
  return undefined;
}

/**
 * Which of two links to the same client has to go: the newer one, unless both sides dialled. Then the side with the
 * greater peer id keeps the link that it dialled: both sides must choose the same one, or both links would go. A
 * stranger from another host who only claims that id costs nobody else a link.
 */
export function lesserTwin(newer: Peer, older: Peer, ownPeerId: Uint8Array): Peer {
  if (newer.incoming === older.incoming || plainHost(newer.address) !== plainHost(older.address)) return newer;
  const oursStays = toHex(ownPeerId) > toHex(newer.peerId);
  return newer.incoming === oursStays ? newer : older;
}

/** What we offer beside the messages that we take: what may differ between torrents and times. */
export interface OfferFacts {
  readonly clientName: string;
  /** 0 when we do not listen. */
  readonly listenPort: number;
  readonly advertised: ReadonlyMap<string, number>;
  /** Bytes of the info dict, told to whoever may ask for it (BEP 9). */
  readonly metadataBytes?: number | undefined;
  /** We want no data, though we may not have everything (BEP 21). */
  readonly uploadOnly?: boolean | undefined;
  /** Our address in the family that the link does not use, where the peer may reach us, too. */
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
}

/** Our extended handshake for this peer. */
export function offerTo(peer: Peer, facts: OfferFacts): ExtendedHandshake {
  return {
    extensions: facts.advertised,
    client: facts.clientName,
    requestQueue: WANTED_PER_PEER_MAX,
    // Whoever dialled us knows it.
    port: !peer.incoming && facts.listenPort > 0 ? facts.listenPort : undefined,
    yourIp: plainHost(peer.address),
    ...(plainHost(peer.address).includes(':') ? { ipv4: facts.ipv4 } : { ipv6: facts.ipv6 }),
    metadataBytes: facts.advertised.has('ut_metadata') ? facts.metadataBytes : undefined,
    uploadOnly: facts.uploadOnly,
  };
}

/**
 * What we say first: which pieces we have, what we offer beyond the basic protocol, and where our node of the DHT is.
 */
export function introduction(
  peer: Peer,
  had: Bitfield,
  offer: ExtendedHandshake,
  nodePort?: number | undefined,
): Uint8Array[] {
  const messages: Uint8Array[] = [];
  if (peer.fast && had.full) messages.push(HAVE_ALL_MESSAGE);
  else if (peer.fast && had.count === 0) messages.push(HAVE_NONE_MESSAGE);
  else if (had.count > 0) messages.push(encodeBitfield(had.copy().bytes));
  if (peer.extensions) messages.push(extendedHandshake(offer));
  if (nodePort !== undefined) messages.push(encodePort(nodePort));
  return messages;
}

/** The port that a peer is told of our node: that of the family in which it reaches us, if it wants to know (BEP 5, BEP 32). */
export function nodePortFor(peer: Peer, dht: Dht | undefined): number | undefined {
  return peer.dht ? dht?.portTowards(plainHost(peer.address)) : undefined;
}

/** The peer says where its node is (BEP 5, PORT): at its own address, and nowhere else. It is believed once. */
export function hearNodePort(peer: Peer, message: WireMessage | undefined, dht: Dht | undefined): void {
  if (message?.type !== 'port' || peer.offers.nodePort !== undefined) return;
  peer.offers.nodePort = message.port;
  dht?.addNode({ host: plainHost(peer.address), port: message.port });
}

/** The same offer after another one: extensions that are missing in it are taken back (id 0). */
export function withdrawing(offer: ExtendedHandshake): ExtendedHandshake {
  const none = Object.keys(EXTENSION_IDS).map((name) => [name, 0] as const);
  return { ...offer, extensions: new Map([...none, ...offer.extensions]) };
}

/** The message that carries an offer; it may be sent again when something changed. */
export function extendedHandshake(offer: ExtendedHandshake): Uint8Array {
  return encodeExtended(EXTENDED_HANDSHAKE_ID, encodeExtendedHandshake(offer));
}

/** Takes in what the peer's extended handshake says about how to deal with it. */
export function heedOffer(peer: Peer, offer: ExtendedHandshake): void {
  if (offer.requestQueue !== undefined && offer.requestQueue > 0) peer.window.limitTo(offer.requestQueue);
  if (offer.client !== undefined) peer.clientName = offer.client;
}
