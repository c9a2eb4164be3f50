// Which trackers and web seeds may be asked at all. A torrent is a stranger's word: its URLs must not make us send requests
// of his choice to this machine or to the network at home (server-side request forgery). Like libtorrent: what is nearer
// than the internet gets nothing but what a tracker or a plain file has for a URL, and nobody on the internet sends us there.
import { SCOPE_GLOBAL, SCOPE_NONE, scopeOf } from '../swarm/address-scope.ts';

/** What is asked. `path` and `query` are those of the URL, the query with its question mark. */
export interface SourceQuestion {
  readonly kind: 'tracker' | 'web-seed';
  readonly path: string;
  readonly query: string;
  /** Somebody on the internet sent us there by a redirect. */
  readonly sentFromAfar: boolean;
}

/** Why the source at this numeric address must not be asked; `undefined` when it may. */
export function sourceRefusal(question: SourceQuestion, host: string): string | undefined {
  const scope = scopeOf(host);
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

/** Whether a source at this numeric address is on the internet. */
export function isAfar(host: string): boolean {
  return scopeOf(host) === SCOPE_GLOBAL;
}
