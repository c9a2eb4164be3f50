// Whose turn it is to look through the DHT, among thousands of torrents.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { Dht } from '../dht/dht.ts';
import type { DhtSearch } from '../dht/dht-search.ts';
import {
  DHT_ANNOUNCE_INTERVAL_MS,
  NEEDY_SEARCHES_PER_SECOND,
  OTHER_SEARCHES_PER_SECOND,
  SEARCH_BURST,
} from '../dht/limits.ts';
import { AnnouncePace } from './announce-pace.ts';
import { DhtDiscovery } from './dht-discovery.ts';

const TICK_MS = 100;
const LOOKUP_MS = 600;

/** A DHT in which every search takes the same time and finds nobody, and the torrents that search it. */
class Crowd {
  nowMs = 0;
  readonly begun: { readonly atMs: number; readonly of: number }[] = [];
  readonly #random = new SeededRandom(1);
  readonly #running: { readonly endMs: number; readonly search: DhtSearch }[] = [];
  readonly #members: { readonly discovery: DhtDiscovery; needs: boolean }[] = [];
  readonly #dht: Dht;

  constructor() {
    const rates = { needyPerSecond: NEEDY_SEARCHES_PER_SECOND, othersPerSecond: OTHER_SEARCHES_PER_SECOND };
    this.#dht = {
      turns: new AnnouncePace({ burst: SEARCH_BURST, ...rates }),
      search: (search: DhtSearch) => {
        this.begun.push({ atMs: this.nowMs, of: search.target[0]! * 256 + search.target[1]! });
        this.#running.push({ endMs: this.nowMs + LOOKUP_MS, search });
        return () => undefined;
      },
    } as unknown as Dht;
  }

  join(needs: boolean): number {
    const number = this.#members.length;
    const infoHash = Uint8Array.of(number >> 8, number & 0xff);
    const nothing = (): void => undefined;
    const clock = { nowMs: () => this.nowMs };
    const parts = { dht: this.#dht, infoHash, clock, random: this.#random, found: nothing, wake: nothing };
    const discovery = new DhtDiscovery(parts);
    discovery.start();
    this.#members.push({ discovery, needs });
    return number;
  }

  /** It wants peers from now on, and gets the next tick. */
  need(number: number): void {
    const member = this.#members[number]!;
    member.needs = true;
    member.discovery.tick(this.nowMs, true, () => ({ port: 1, left: 1 }));
  }

  run(untilMs: number): void {
    for (; this.nowMs < untilMs; this.nowMs += TICK_MS) {
      while (this.#running[0] !== undefined && this.#running[0].endMs <= this.nowMs)
        this.#running.shift()!.search.done();
      for (const { discovery, needs } of this.#members) {
        if (discovery.nextDueMs() <= this.nowMs) discovery.tick(this.nowMs, needs, () => ({ port: 1, left: 0 }));
      }
    }
  }
}

test('thousands of seeds are told of one after the other, and who looks for peers does not wait for them', () => {
  const crowd = new Crowd();
  const seeds = 2000;
  for (let seed = 0; seed < seeds; seed++) crowd.join(false);
  crowd.run(60_000);
  assert.ok(
    crowd.begun.length <= SEARCH_BURST + 60 * OTHER_SEARCHES_PER_SECOND + 1,
    `${crowd.begun.length} in a minute`,
  );
  const download = crowd.join(true);
  crowd.run(60_000 + 2 * TICK_MS);
  assert.equal(crowd.begun.at(-1)?.of, download, 'its first search is begun at once');
  const round = (seeds / OTHER_SEARCHES_PER_SECOND) * 1000;
  crowd.run(round + 10_000);
  const told = new Set(crowd.begun.map(({ of }) => of));
  assert.equal(told.size, seeds + 1, 'every seed had its turn within a round');
});

test('with few torrents each is told of again after its interval', () => {
  const crowd = new Crowd();
  for (let seed = 0; seed < 20; seed++) crowd.join(false);
  crowd.run(10_000);
  assert.equal(crowd.begun.length, 20);
  crowd.run(DHT_ANNOUNCE_INTERVAL_MS * 1.2);
  assert.equal(crowd.begun.length, 40);
});

test('a seed that begins to want peers does not keep its late turn', () => {
  const crowd = new Crowd();
  for (let seed = 0; seed < 1000; seed++) crowd.join(false);
  const late = crowd.join(false);
  crowd.run(1000);
  assert.ok(!crowd.begun.some(({ of }) => of === late));
  crowd.need(late);
  assert.equal(crowd.begun.at(-1)?.of, late);
});
