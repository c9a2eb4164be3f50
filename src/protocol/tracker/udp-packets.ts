// The UDP tracker protocol (BEP 15): requests as bytes, replies as values, and the URL data option (BEP 41).
import { assert } from '../../base/assert.ts';
import { fromLatin1, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';
import { shownText } from '../../base/shown-text.ts';
import { TRACKER_PEERS_MAX, TRACKER_TEXT_BYTES_MAX } from '../limits.ts';
import type { AnnounceEvent, AnnounceFields, AnnounceReply, ScrapeFigures } from './announce.ts';
import { type AddressFamily, decodeCompactPeers } from './compact-peers.ts';

export const ACTION_CONNECT = 0;
export const ACTION_ANNOUNCE = 1;
export const ACTION_SCRAPE = 2;
export const ACTION_ERROR = 3;

/** The number that stands for a connection id in a connect request. */
const PROTOCOL_ID_HIGH = 0x417;
const PROTOCOL_ID_LOW = 0x27101980;

const CONNECT_BYTES = 16;
const ANNOUNCE_BYTES = 98;
const OPTION_END = 0;
const OPTION_URL_DATA = 2;
const OPTION_BYTES_MAX = 255;
const EVENT_NUMBERS: Readonly<Record<AnnounceEvent, number>> = { none: 0, completed: 1, started: 2, stopped: 3 };

/** Most info hashes that one scrape may name: more would not fit into a packet (BEP 15). */
const SCRAPE_HASHES_MAX = 74;

/** Ties a request to its tracker and to its reply. */
export interface Transaction {
  /** 8 bytes, from the tracker's connect reply. */
  readonly connectionId: Uint8Array;
  /** 32 random bits. */
  readonly transactionId: number;
}

/** A tracker's packet. */
export type UdpReply =
  | { readonly type: 'connect'; readonly transactionId: number; readonly connectionId: Uint8Array }
  | { readonly type: 'announce'; readonly transactionId: number; readonly reply: AnnounceReply }
  | { readonly type: 'scrape'; readonly transactionId: number; readonly figures: readonly ScrapeFigures[] }
  | { readonly type: 'error'; readonly transactionId: number; readonly message: string };

/** Asks for a connection id: the tracker's proof that our address is our own. */
export function encodeConnect(transactionId: number): Uint8Array {
  const bytes = new Uint8Array(CONNECT_BYTES);
  writeUint32(bytes, 0, PROTOCOL_ID_HIGH);
  writeUint32(bytes, 4, PROTOCOL_ID_LOW);
  writeUint32(bytes, 8, ACTION_CONNECT);
  writeUint32(bytes, 12, transactionId);
  return bytes;
}

/** An announce; `urlData` is the path and query of the tracker's URL, which some trackers need (BEP 41). */
export function encodeAnnounce(transaction: Transaction, fields: AnnounceFields, urlData: string): Uint8Array {
  const options = encodeUrlData(fromLatin1(urlData));
  const bytes = new Uint8Array(ANNOUNCE_BYTES + options.length);
  writeTransaction(bytes, transaction, ACTION_ANNOUNCE);
  assert(fields.infoHash.length === 20 && fields.peerId.length === 20, 'info hash and peer id have 20 bytes');
  bytes.set(fields.infoHash, 16);
  bytes.set(fields.peerId, 36);
  writeUint64(bytes, 56, fields.downloaded);
  writeUint64(bytes, 64, fields.left);
  writeUint64(bytes, 72, fields.uploaded);
  writeUint32(bytes, 80, EVENT_NUMBERS[fields.event]);
  // Bytes 84 to 87 would claim another IPv4 address than the packet's own; trackers ignore it, so it stays 0.
  writeUint32(bytes, 88, fields.key);
  writeUint32(bytes, 92, fields.event === 'stopped' ? 0 : fields.numWant);
  writeUint16(bytes, 96, fields.port);
  bytes.set(options, ANNOUNCE_BYTES);
  return bytes;
}

/** Asks for the figures of up to `SCRAPE_HASHES_MAX` swarms. */
export function encodeScrape(transaction: Transaction, infoHashes: readonly Uint8Array[]): Uint8Array {
  assert(infoHashes.length > 0 && infoHashes.length <= SCRAPE_HASHES_MAX, 'a scrape names 1 to 74 info hashes');
  const bytes = new Uint8Array(CONNECT_BYTES + 20 * infoHashes.length);
  writeTransaction(bytes, transaction, ACTION_SCRAPE);
  infoHashes.forEach((infoHash, index) => {
    bytes.set(infoHash, CONNECT_BYTES + 20 * index);
  });
  return bytes;
}

/**
 * Reads a tracker's packet. `family` is that of the socket it came from: it decides how long the peers' addresses are.
 * Returns `undefined` for anything that is no such packet: whoever sent it, it is not an answer.
 */
export function decodeUdpReply(bytes: Uint8Array, family: AddressFamily): UdpReply | undefined {
  if (bytes.length < 8) return undefined;
  const transactionId = readUint32(bytes, 4);
  const body = bytes.subarray(8);
  switch (readUint32(bytes, 0)) {
    case ACTION_CONNECT:
      if (body.length < 8) return undefined;
      // A copy by construction: `slice` of a Node buffer would be a view of the packet.
      return { type: 'connect', transactionId, connectionId: new Uint8Array(body.subarray(0, 8)) };
    case ACTION_ANNOUNCE:
      return body.length < 12 ? undefined : { type: 'announce', transactionId, reply: decodeAnnounced(body, family) };
    case ACTION_SCRAPE:
      return { type: 'scrape', transactionId, figures: decodeScraped(body) };
    case ACTION_ERROR:
      return { type: 'error', transactionId, message: shownText(body, TRACKER_TEXT_BYTES_MAX) };
    default:
      return undefined;
  }
}

function decodeAnnounced(body: Uint8Array, family: AddressFamily): AnnounceReply {
  return {
    intervalMs: readUint32(body, 0) * 1000,
    leeches: readUint32(body, 4),
    seeds: readUint32(body, 8),
    peers: decodeCompactPeers(body.subarray(12), family, TRACKER_PEERS_MAX),
  };
}

function decodeScraped(body: Uint8Array): ScrapeFigures[] {
  const figures: ScrapeFigures[] = [];
  for (let offset = 0; offset + 12 <= body.length && figures.length < SCRAPE_HASHES_MAX; offset += 12) {
    figures.push({
      seeds: readUint32(body, offset),
      downloads: readUint32(body, offset + 4),
      leeches: readUint32(body, offset + 8),
    });
  }
  return figures;
}

/** An option holds 255 bytes; longer data continues in further options, and an end mark closes the list (BEP 41). */
function encodeUrlData(urlData: Uint8Array): Uint8Array {
  if (urlData.length === 0) return urlData;
  const options = new Uint8Array(urlData.length + 2 * Math.ceil(urlData.length / OPTION_BYTES_MAX) + 1);
  let offset = 0;
  for (let start = 0; start < urlData.length; start += OPTION_BYTES_MAX) {
    const part = urlData.subarray(start, start + OPTION_BYTES_MAX);
    options[offset] = OPTION_URL_DATA;
    options[offset + 1] = part.length;
    options.set(part, offset + 2);
    offset += 2 + part.length;
  }
  options[offset] = OPTION_END;
  return options;
}

function writeTransaction(bytes: Uint8Array, transaction: Transaction, action: number): void {
  assert(transaction.connectionId.length === 8, 'a connection id has 8 bytes');
  bytes.set(transaction.connectionId, 0);
  writeUint32(bytes, 8, action);
  writeUint32(bytes, 12, transaction.transactionId);
}

/** Writes a whole number below 2⁵³ as 64 bits. */
function writeUint64(bytes: Uint8Array, offset: number, value: number): void {
  writeUint32(bytes, offset, Math.floor(value / 2 ** 32));
  writeUint32(bytes, offset + 4, value % 2 ** 32);
}
