// Asking an HTTP tracker for a swarm's figures without taking part (BEP 48).
import { toLatin1 } from '../../base/bytes.ts';
import { SourceError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { BencodeDictionary } from '../bencode/bencode-value.ts';
import type { ScrapeFigures } from './announce.ts';
import { decodeReplyDictionary, refusalOf } from './http-announce-reply.ts';
import { percentEncode } from './http-announce-url.ts';

/** Where a tracker answers scrapes: `announce` at the beginning of its path's last part becomes `scrape`, or it does not. */
export function scrapeUrl(announceUrl: string): string | undefined {
  const match = /^([^?#]*\/)announce([^/?#]*)(\?[^#]*)?(?:#.*)?$/s.exec(announceUrl);
  return match === null ? undefined : `${match[1]}scrape${match[2]}${match[3] ?? ''}`;
}

/** The same with the swarm that is asked about. */
export function httpScrapeUrl(url: string, infoHash: Uint8Array): string {
  return `${url}${url.includes('?') ? '&' : '?'}info_hash=${percentEncode(infoHash)}`;
}

/**
 * Reads the figures of one swarm. Throws TrackerFailure when the tracker refuses, SourceError ERR_TRACKER_REPLY when this
 * is no scrape, or the swarm is not in it.
 */
export function decodeHttpScrape(body: Uint8Array, infoHash: Uint8Array): ScrapeFigures {
  const reply = decodeReplyDictionary(body);
  const files = reply.dictionary('files');
  // Some trackers send a flag dictionary beside a failure: what is there counts.
  const failure = files === undefined ? refusalOf(reply) : undefined;
  if (failure !== undefined) throw failure;
  const key = toLatin1(infoHash);
  // bittorrent-tracker writes its keys as text: bytes above 0x7F become two.
  const file = files?.get(key) ?? files?.get(toLatin1(encodeUtf8(key)));
  if (!(file instanceof BencodeDictionary)) {
    throw new SourceError('ERR_TRACKER_REPLY', 'The tracker does not know this torrent.');
  }
  return { seeds: count(file, 'complete'), downloads: count(file, 'downloaded'), leeches: count(file, 'incomplete') };
}

function count(file: BencodeDictionary, name: string): number {
  const value = file.integer(name);
  return value !== undefined && value >= 0 ? value : 0;
}
