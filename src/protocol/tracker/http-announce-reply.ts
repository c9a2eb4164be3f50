// What an HTTP tracker answers (BEP 3, 7, 23, 24, 31): a bencoded dictionary, read as leniently as the field needs.
import { toLatin1 } from '../../base/bytes.ts';
import { SourceError } from '../../base/errors.ts';
import { shownText } from '../../base/shown-text.ts';
import { decodeBencode } from '../bencode/bencode-decoder.ts';
import { BencodeError } from '../bencode/bencode-error.ts';
import { BencodeDictionary, type BencodeValue, isBencodeList } from '../bencode/bencode-value.ts';
import { TRACKER_HOST_LENGTH_MAX, TRACKER_ID_BYTES_MAX, TRACKER_PEERS_MAX, TRACKER_TEXT_BYTES_MAX } from '../limits.ts';
import type { AnnounceReply, PeerEndpoint } from './announce.ts';
import { decodeAddress, decodeCompactPeers } from './compact-peers.ts';
import { TrackerFailure } from './tracker-failure.ts';

/** What most trackers ask for; assumed when one says nothing. */
const DEFAULT_INTERVAL_MS = 1_800_000;

/** Bytes of a reply that is no bencode which the error message quotes. */
const QUOTED_BYTES = 40;

/**
 * Reads the body of a reply. Throws TrackerFailure when the tracker refuses and SourceError ERR_TRACKER_REPLY when
 * this is no tracker's reply. Single fields that make no sense are taken as missing.
 */
export function decodeHttpAnnounceReply(body: Uint8Array): AnnounceReply {
  const reply = decodeReplyDictionary(body);
  const refusal = refusalOf(reply);
  if (refusal !== undefined) throw refusal;
  return {
    peers: decodePeers(reply),
    intervalMs: seconds(reply.integer('interval')) ?? DEFAULT_INTERVAL_MS,
    minIntervalMs: seconds(reply.integer('min interval')),
    trackerId: trackerId(reply),
    seeds: count(reply.integer('complete')),
    leeches: count(reply.integer('incomplete')),
    warning: warning(reply),
    externalIp: decodeAddress(reply.byteString('external ip') ?? new Uint8Array(0)),
  };
}

/** The tracker's refusal, when the reply is one. */
export function refusalOf(reply: BencodeDictionary): TrackerFailure | undefined {
  const failure = reply.byteString('failure reason');
  return failure && new TrackerFailure(shownText(failure, TRACKER_TEXT_BYTES_MAX), retryInMs(reply.get('retry in')));
}

/** Throws SourceError ERR_TRACKER_REPLY when this is no dictionary. */
export function decodeReplyDictionary(body: Uint8Array): BencodeDictionary {
  try {
    const value = decodeBencode(body);
    if (value instanceof BencodeDictionary) return value;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw notAReply(body, error);
  }
  throw notAReply(body);
}

function notAReply(body: Uint8Array, cause?: BencodeError): SourceError {
  const start = toLatin1(body.subarray(0, QUOTED_BYTES)).replace(/[^ -~]+/g, ' ');
  const what = body.length === 0 ? 'an empty page' : `something else, which starts with "${start}"`;
  return new SourceError('ERR_TRACKER_REPLY', `The tracker did not send a tracker's reply but ${what}.`, { cause });
}

/** Peers of both families; a tracker may send `peers` packed or as dictionaries, and `peers6` beside either. */
function decodePeers(reply: BencodeDictionary): PeerEndpoint[] {
  const peers: PeerEndpoint[] = [];
  const given = reply.get('peers');
  if (given instanceof Uint8Array) peers.push(...decodeCompactPeers(given, 4, TRACKER_PEERS_MAX));
  else if (isBencodeList(given)) peers.push(...decodeDictionaryPeers(given));
  const given6 = reply.byteString('peers6');
  if (given6 !== undefined) peers.push(...decodeCompactPeers(given6, 6, TRACKER_PEERS_MAX - peers.length));
  return peers;
}

function decodeDictionaryPeers(entries: readonly BencodeValue[]): PeerEndpoint[] {
  const peers: PeerEndpoint[] = [];
  for (const entry of entries) {
    if (peers.length === TRACKER_PEERS_MAX) break;
    if (!(entry instanceof BencodeDictionary)) continue;
    const host = toLatin1(entry.byteString('ip')?.subarray(0, TRACKER_HOST_LENGTH_MAX + 1) ?? new Uint8Array(0));
    const port = entry.integer('port') ?? 0;
    if (isHost(host) && port > 0 && port <= 0xffff) peers.push({ host, port });
  }
  return peers;
}

/** Letters, digits and the signs of names and of numeric addresses: nothing that could be taken for anything else. */
function isHost(host: string): boolean {
  return host.length <= TRACKER_HOST_LENGTH_MAX && /^[A-Za-z0-9.:_-]+$/.test(host);
}

/** `retry in` counts minutes, or says `never` (BEP 31). */
function retryInMs(value: BencodeValue | undefined): number | undefined {
  if (typeof value === 'number' && value >= 0) return value * 60_000;
  return value instanceof Uint8Array && toLatin1(value) === 'never' ? Number.POSITIVE_INFINITY : undefined;
}

/** A copy, so that the whole reply need not be kept. `slice` would not do: of a Node buffer it makes a view. */
function trackerId(reply: BencodeDictionary): Uint8Array | undefined {
  const id = reply.byteString('tracker id');
  return id !== undefined && id.length <= TRACKER_ID_BYTES_MAX ? new Uint8Array(id) : undefined;
}

function warning(reply: BencodeDictionary): string | undefined {
  const bytes = reply.byteString('warning message');
  return bytes && shownText(bytes, TRACKER_TEXT_BYTES_MAX);
}

function seconds(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value * 1000 : undefined;
}

function count(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value : undefined;
}
