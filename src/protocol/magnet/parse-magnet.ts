// Magnet links to Magnet. Only the info hash can make a link useless; any other parameter that cannot be read is left
// out, because links are cut, pasted and decorated by everybody.
import { fromHex } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { MAGNET_LENGTH_MAX, SOURCES_MAX } from '../limits.ts';
import { type HostPort, parseHostPort } from '../metainfo/host-port.ts';
import { type InfoHash, parseInfoHash } from '../metainfo/info-hash.ts';
import { presentFields } from '../metainfo/present-fields.ts';
import { readUrl } from '../metainfo/sources.ts';
import { parseFileRanges } from './file-ranges.ts';
import type { Magnet } from './magnet.ts';
import { percentDecode } from './percent-coding.ts';

/** Multihash prefix of SHA-256: its code and its length, 32 bytes. */
const SHA256_MULTIHASH = '1220';

/** Reads a magnet link. Throws InputError with an ERR_MAGNET_* code when it names no torrent that can be downloaded. */
export function parseMagnet(uri: string): Magnet {
  const text = uri.trim();
  if (!/^magnet:\?/i.test(text)) {
    throw new InputError('ERR_MAGNET_SYNTAX', 'This is not a magnet link: it does not begin with "magnet:?".');
  }
  if (text.length > MAGNET_LENGTH_MAX) {
    throw new InputError(
      'ERR_MAGNET_TOO_LONG',
      `The magnet link has ${text.length} characters, more than ${MAGNET_LENGTH_MAX}.`,
    );
  }
  const parameters = readParameters(text.slice('magnet:?'.length));
  const topics = parameters.get('xt') ?? [];
  const length = Number(first(parameters, 'xl', /^\d{1,16}$/));
  const ranges = first(parameters, 'so', /^/);
  return {
    infoHash: readInfoHash(topics),
    trackers: collect(parameters.get('tr'), readUrl),
    webSeeds: collect(parameters.get('ws'), readUrl),
    peers: readPeers(parameters.get('x.pe')),
    ...presentFields({
      infoHashV2: readInfoHashV2(topics),
      displayName: first(parameters, 'dn', /./u),
      claimedBytes: Number.isSafeInteger(length) ? length : undefined,
      select: ranges === undefined ? undefined : parseFileRanges(ranges),
    }),
  };
}

/** A torrent of which nothing is known but its info hash: 40 hexadecimal or 32 base32 digits. */
export function magnetFromInfoHash(text: string): Magnet {
  const infoHash = parseInfoHash(text.trim());
  if (infoHash !== undefined) return { infoHash, trackers: [], webSeeds: [], peers: [] };
  throw new InputError(
    'ERR_MAGNET_INFO_HASH',
    'This is not an info hash: it has neither 40 hexadecimal nor 32 base32 digits.',
  );
}

/** Values by parameter, in order. `tr.1` counts as `tr`, and `amp;tr` too: links are often copied from HTML. */
function readParameters(query: string): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>();
  for (const parameter of query.split('&')) {
    const equals = parameter.indexOf('=');
    if (equals < 0) continue;
    const key = parameter.slice(0, equals).toLowerCase();
    const name = key.replace(/^amp;/, '').replace(/\.\d+$/, '');
    // A plus sign is a space only in the name to show: in URLs it may be meant.
    const raw = parameter.slice(equals + 1);
    const value = percentDecode(name === 'dn' ? raw.replaceAll('+', ' ') : raw);
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  }
  return parameters;
}

function first(parameters: ReadonlyMap<string, readonly string[]>, name: string, pattern: RegExp): string | undefined {
  return parameters.get(name)?.find((value) => pattern.test(value));
}

function readInfoHash(topics: readonly string[]): InfoHash {
  for (const topic of topics) {
    const hash = /^urn:btih:(.*)$/i.exec(topic)?.[1];
    const infoHash = hash === undefined ? undefined : parseInfoHash(hash);
    if (infoHash !== undefined) return infoHash;
  }
  if (readInfoHashV2(topics) !== undefined) {
    throw new InputError(
      'ERR_MAGNET_V2_ONLY',
      'The magnet link names a version 2 torrent; only version 1 and hybrid torrents can be downloaded so far.',
    );
  }
  throw new InputError(
    'ERR_MAGNET_INFO_HASH',
    'The magnet link has no usable info hash: "xt=urn:btih:" and 40 hexadecimal or 32 base32 digits.',
  );
}

function readInfoHashV2(topics: readonly string[]): string | undefined {
  for (const topic of topics) {
    const multihash = /^urn:btmh:(.*)$/i.exec(topic)?.[1]?.toLowerCase();
    if (multihash?.startsWith(SHA256_MULTIHASH) && fromHex(multihash)?.length === 34) {
      return multihash.slice(SHA256_MULTIHASH.length);
    }
  }
  return undefined;
}

/** The readable values, each once. */
function collect(values: readonly string[] = [], read: (value: string) => string | undefined): readonly string[] {
  return [...new Set(values.map(read).filter((value) => value !== undefined))].slice(0, SOURCES_MAX);
}

function readPeers(values: readonly string[] = []): readonly HostPort[] {
  return collect(values, (value) => (parseHostPort(value) === undefined ? undefined : value))
    .map(parseHostPort)
    .filter((peer) => peer !== undefined);
}
