// The order in which a torrent's trackers are asked (BEP 12): tier by tier, each tier shuffled once, and a tracker
// that answers moves to the front of its own tier.
import { assert } from '../../base/assert.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import { TrackerRecord } from './tracker-record.ts';

export class TrackerTiers {
  readonly #tiers: TrackerRecord[][] = [];

  /** A URL that comes twice counts where it comes first; tiers without URLs do not count. */
  constructor(tiers: readonly (readonly string[])[], random: Random) {
    const seen = new Set<string>();
    for (const urls of tiers) {
      const records: TrackerRecord[] = [];
      for (const url of urls) {
        if (seen.has(url)) continue;
        seen.add(url);
        records.push(new TrackerRecord(url, this.#tiers.length));
      }
      shuffle(records, random);
      if (records.length > 0) this.#tiers.push(records);
    }
  }

  /** All trackers in the order in which they are to be asked. */
  inOrder(): TrackerRecord[] {
    return this.#tiers.flat();
  }

  /** In the tier of that number, or in one of its own behind the others. `undefined` when the URL is there already. */
  add(url: string, tier: number | undefined): TrackerRecord | undefined {
    if (this.inOrder().some((record) => record.url === url)) return undefined;
    const at = Math.min(tier ?? this.#tiers.length, this.#tiers.length);
    const record = new TrackerRecord(url, at);
    if (at === this.#tiers.length) this.#tiers.push([record]);
    else this.#tiers[at]!.push(record);
    return record;
  }

  /** Tiers keep their numbers, also when they are empty then. */
  remove(url: string): TrackerRecord | undefined {
    for (const tier of this.#tiers) {
      const at = tier.findIndex((record) => record.url === url);
      if (at >= 0) return tier.splice(at, 1)[0];
    }
    return undefined;
  }

  promote(record: TrackerRecord): void {
    const tier = this.#tiers[record.tier];
    assert(tier?.includes(record) === true, 'a promoted tracker is in its tier');
    tier.splice(tier.indexOf(record), 1);
    tier.unshift(record);
  }
}

/** Fisher-Yates. */
function shuffle(records: TrackerRecord[], random: Random): void {
  for (let last = records.length - 1; last > 0; last--) {
    const other = randomBelow(random, last + 1);
    [records[last], records[other]] = [records[other]!, records[last]!];
  }
}
