// The URL of an HTTP announce (BEP 3, "trackers"; BEP 7, BEP 23). Built as text: the info hash and the peer id are
// raw bytes, and no URL library percent-encodes those as trackers expect them.
import { assert } from '../../base/assert.ts';
import { fromLatin1 } from '../../base/bytes.ts';
import type { AnnounceFields } from './announce.ts';

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** Adds the announce's parameters to the tracker's URL, whose own query (often a passkey) stays in front. */
export function httpAnnounceUrl(trackerUrl: string, fields: AnnounceFields): string {
  assert(fields.infoHash.length === 20 && fields.peerId.length === 20, 'info hash and peer id have 20 bytes');
  const parameters = [
    `info_hash=${percentEncode(fields.infoHash)}`,
    `peer_id=${percentEncode(fields.peerId)}`,
    `port=${fields.port}`,
    `uploaded=${fields.uploaded}`,
    `downloaded=${fields.downloaded}`,
    `left=${fields.left}`,
    'compact=1',
    `numwant=${fields.event === 'stopped' ? 0 : fields.numWant}`,
    `key=${(fields.key >>> 0).toString(16).padStart(8, '0').toUpperCase()}`,
  ];
  if (fields.event !== 'none') parameters.push(`event=${fields.event}`);
  if (fields.trackerId !== undefined) parameters.push(`trackerid=${percentEncode(fields.trackerId)}`);
  if (fields.ipv4 !== undefined) parameters.push(`ipv4=${percentEncode(fromLatin1(fields.ipv4))}`);
  if (fields.ipv6 !== undefined) parameters.push(`ipv6=${percentEncode(fromLatin1(fields.ipv6))}`);
  const base = trackerUrl.replace(/#.*$/s, '');
  return base + querySeparator(base) + parameters.join('&');
}

/** Escapes every byte but the unreserved characters of RFC 3986. */
export function percentEncode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function querySeparator(base: string): string {
  if (!base.includes('?')) return '?';
  return base.endsWith('?') || base.endsWith('&') ? '' : '&';
}
