// What the user changed about a torrent's trackers: kept apart from what the torrent itself names, so that it outlives
// the program and fits whichever torrent file or magnet link the torrent is added by next time.

import { SparseMap } from '../base/sparse-map.ts';
import { SparseSet } from '../base/sparse-set.ts';

/** Changes to a torrent's own trackers. */
export class TrackerEdits {
  /** Trackers that it does not name, with the tier they were put into; `undefined` is one of its own, behind the others. */
  readonly added: SparseMap<string, number | undefined> = new SparseMap();
  /** Those that it names, and that are not to be asked. */
  readonly removed: SparseSet<string> = new SparseSet();
  /** Goes up with every change. */
  version = 0;

  constructor(added: Iterable<readonly [string, number | undefined]> = [], removed: Iterable<string> = []) {
    for (const [url, tier] of added) this.added.set(url, tier);
    for (const url of removed) this.removed.add(url);
  }

  /** Takes in what was saved; what was said since counts for more. */
  restore(saved: TrackerEdits): void {
    for (const url of saved.removed) if (!this.added.has(url)) this.removed.add(url);
    for (const [url, tier] of saved.added)
      if (!this.removed.has(url) && !this.added.has(url)) this.added.set(url, tier);
  }

  add(url: string, tier: number | undefined): void {
    this.version++;
    // One that was taken away comes back to the place that the user gives it now, not to the torrent's.
    if (!this.added.has(url)) this.added.set(url, tier);
  }

  remove(url: string): void {
    this.version++;
    this.added.delete(url);
    this.removed.add(url);
  }

  /** The tiers of a torrent, changed. */
  appliedTo(tiers: readonly (readonly string[])[]): readonly (readonly string[])[] {
    if (this.added.size + this.removed.size === 0) return tiers;
    const left = tiers.map((tier) => tier.filter((url) => !this.removed.has(url)));
    const named = new Set(left.flat());
    for (const [url, tier] of this.added) {
      if (named.has(url)) continue;
      if (tier !== undefined && tier < tiers.length) left[tier]!.push(url);
      else left.push([url]);
    }
    return left.filter((tier) => tier.length > 0);
  }
}
