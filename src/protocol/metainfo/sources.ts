// Where a torrent file says that its data can be had: trackers (BEP 3, 12), web seeds (BEP 17, 19), nodes (BEP 5).
// None of it is worth refusing a torrent for: what cannot be read is left out.
import { decodeUtf8 } from '../../base/utf8.ts';
import { type BencodeDictionary, type BencodeValue, isBencodeList } from '../bencode/bencode-value.ts';
import { SOURCES_MAX, URL_LENGTH_MAX } from '../limits.ts';
import { type HostPort, hostPort } from './host-port.ts';

/** A usable URL, trimmed: no white space or control character may reach a request line. */
export function readUrl(text: string | undefined): string | undefined {
  const url = text?.trim() ?? '';
  if (url === '' || url.length > URL_LENGTH_MAX || /[\s\p{Cc}]/u.test(url)) return undefined;
  return url;
}

function urlOf(value: BencodeValue | undefined): string | undefined {
  return value instanceof Uint8Array && value.length <= URL_LENGTH_MAX * 4 ? readUrl(decodeUtf8(value)) : undefined;
}

/** Tracker tiers: `announce-list` when it names any tracker, else `announce` (BEP 12). Each tracker once. */
export function readTiers(root: BencodeDictionary): string[][] {
  const seen = new Set<string>();
  const tiers: string[][] = [];
  for (const tier of root.list('announce-list') ?? []) {
    // Some programs write a flat list of URLs: each is a tier of its own then.
    const urls = (isBencodeList(tier) ? tier : [tier]).map(urlOf).filter((url) => url !== undefined);
    const fresh = urls.filter((url) => seen.size < SOURCES_MAX && !seen.has(url) && seen.add(url));
    if (fresh.length > 0) tiers.push(fresh);
  }
  const announce = urlOf(root.get('announce'));
  if (tiers.length === 0 && announce !== undefined) tiers.push([announce]);
  return tiers;
}

/** A URL or a list of URLs, each once. */
export function readUrls(value: BencodeValue | undefined): string[] {
  const urls = (isBencodeList(value) ? value : [value]).map(urlOf).filter((url) => url !== undefined);
  return [...new Set(urls)].slice(0, SOURCES_MAX);
}

/** Pairs of host and port. */
export function readNodes(root: BencodeDictionary): HostPort[] {
  const nodes: HostPort[] = [];
  for (const entry of root.list('nodes') ?? []) {
    if (!isBencodeList(entry) || nodes.length >= SOURCES_MAX) continue;
    const [host, port] = entry;
    if (!(host instanceof Uint8Array) || typeof port !== 'number') continue;
    const node = hostPort(decodeUtf8(host) ?? '', port);
    if (node !== undefined) nodes.push(node);
  }
  return nodes;
}
