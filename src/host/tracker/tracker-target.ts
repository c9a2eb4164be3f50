// Which numeric addresses a tracker is asked at: some of each address family (BEP 7), and none that a torrent may not make
// us ask (engine/discovery/source-guard.ts). What was judged is what is dialled: names are looked up here and nowhere else.
import { SourceError } from '../../base/errors.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { TRACKER_ADDRESSES_MAX } from '../limits.ts';
import { orAborted } from '../or-aborted.ts';
import { networkFailure } from './network-failure.ts';

/** Where to ask. */
export interface TrackerTarget {
  /** Of a name that a proxy resolves it is not known, and 4. */
  readonly family: AddressFamily;
  /** A numeric address; a name, when the proxy resolves it. */
  readonly address: string;
}

/** Looks a name up, or takes a numeric address as it is. Behind a proxy names stay what they are. */
export type TrackerLookup = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** Why a URL must not be asked for at a numeric address; `undefined` when it may. */
export type TrackerRefusal = (url: URL, sentFromAfar: boolean, address: string) => string | undefined;

export class TrackerTargets {
  readonly #lookup: TrackerLookup;
  readonly #refusal: TrackerRefusal;

  constructor(refusal: TrackerRefusal, look: TrackerLookup) {
    this.#lookup = look;
    this.#refusal = refusal;
  }

  /**
   * The first addresses of each family, in the system's order of preference; at least one. Rejects with SourceError
   * ERR_TRACKER_CONNECT or ERR_SOURCE_FORBIDDEN, or with the signal's reason.
   */
  async of(url: URL, sentFromAfar: boolean, signal: AbortSignal): Promise<readonly TrackerTarget[]> {
    const name = url.hostname.replace(/^\[|\]$/g, '');
    const targets: TrackerTarget[] = [];
    let refusal: string | undefined;
    for (const { address, family } of await this.#addresses(name, url.host, signal)) {
      const why = this.#refusal(url, sentFromAfar, address);
      refusal ??= why;
      if (why !== undefined || targets.filter((target) => target.family === family).length >= TRACKER_ADDRESSES_MAX) {
        continue;
      }
      targets.push({ address, family: family === 6 ? 6 : 4 });
    }
    if (targets.length > 0) return targets;
    if (refusal === undefined) throw new SourceError('ERR_TRACKER_CONNECT', `The tracker ${url.host} has no address.`);
    throw new SourceError('ERR_SOURCE_FORBIDDEN', `The tracker ${url.host} is not asked: ${refusal}`);
  }

  /** The resolver cannot be interrupted, but nobody has to wait for it. */
  async #addresses(name: string, host: string, signal: AbortSignal): ReturnType<TrackerLookup> {
    signal.throwIfAborted();
    const answer = this.#lookup(name).catch((error: unknown) => {
      throw networkFailure(error, host);
    });
    return await orAborted(answer, signal);
  }
}

/** The same by family: the one of the first address first. */
export function byFamily(targets: readonly TrackerTarget[]): readonly (readonly TrackerTarget[])[] {
  const families = [...new Set(targets.map(({ family }) => family))];
  return families.map((family) => targets.filter((target) => target.family === family));
}
