// Which trackers and web seeds may be asked at all. A torrent is a stranger's word: its URLs must not make us send requests
// of his choice to this machine or to the network at home (server-side request forgery). Like libtorrent: what is nearer
// than the internet gets nothing but what a tracker or a plain file has for a URL, and nobody on the internet sends us there.
//
// Behind a proxy names are resolved there, so that only the name itself can be judged: what a network calls its own machines
// by. Where another name leads is the proxy's network and none of ours.
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import { SCOPE_GLOBAL, SCOPE_LOCAL, SCOPE_NONE, scopeOf } from '../swarm/address-scope.ts';

/** What is no name of the internet: one word, or under a domain that is kept for networks of one's own (RFC 6761, 6762, 8375). */
const LOCAL_NAME = /^[^.]+$|\.(?:localhost|local|internal|lan|home|home\.arpa|intranet|corp|private)$/i;

/** Looks like a name and is read as an address by some: 127.1, 0x7f.0.0.1, 2130706433. */
const DISGUISED_ADDRESS = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;

/** What is asked. `path` and `query` are those of the URL, the query with its question mark. */
export interface SourceQuestion {
  readonly kind: 'tracker' | 'web-seed';
  readonly path: string;
  readonly query: string;
  /** Somebody on the internet sent us there by a redirect. */
  readonly sentFromAfar: boolean;
}

/** Why the source at this numeric address, or behind a proxy of this name, must not be asked; `undefined` when it may. */
export function sourceRefusal(question: SourceQuestion, host: string): string | undefined {
  const scope = reachOf(host);
  if (scope === SCOPE_GLOBAL) return undefined;
  if (scope === SCOPE_NONE) return 'nobody can be reached at such an address';
  if (question.sentFromAfar) return 'a redirect from the internet leads into this network';
  if (question.kind === 'tracker' && !/^\/announce(?:$|[/.])|^\/scrape(?:$|[/.])/.test(question.path)) {
    return 'a tracker of this network needs a URL whose path is /announce';
  }
  if (question.kind === 'web-seed' && question.query !== '') {
    return 'a web seed of this network may not have a query in its URL';
  }
  return undefined;
}

/** Whether a source at this numeric address, or of this name, is on the internet. */
export function isAfar(host: string): boolean {
  return reachOf(host) === SCOPE_GLOBAL;
}

/**
 * Whether somebody at `teller` may have us dial a peer at `host`, each a numeric address or a name: one on the internet knows
 * nobody on this machine or in the network at home.
 */
export function maySendTo(teller: string, host: string): boolean {
  const reach = reachOf(host);
  return reach !== SCOPE_NONE && reach >= reachOf(teller);
}

function reachOf(host: string): number {
  if (host === '' || host.includes(':') || encodeAddress(host) !== undefined) return scopeOf(host);
  const name = host.replace(/\.$/, '');
  if (DISGUISED_ADDRESS.test(name)) return SCOPE_NONE;
  return LOCAL_NAME.test(name) ? SCOPE_LOCAL : SCOPE_GLOBAL;
}
