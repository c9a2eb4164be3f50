// An announcer with a clock that moves by hand, for its tests.
import assert from 'node:assert/strict';
import { SourceError } from '../../base/errors.ts';
import type { Announcement, Announcer } from '../../engine/discovery/announcer.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualClock } from '../virtual-clock.ts';

export const A = 'http://a.example/announce';
export const B = 'udp://b.example:80';
export const C = 'https://c.example/announce';
export const HALF_HOUR_MS = 1_800_000;
export const GOOD: AnnounceReply = { peers: [], intervalMs: HALF_HOUR_MS };
const DOWN: SourceError = new SourceError('ERR_TRACKER_CONNECT', 'the tracker is down');

/** An announcer with a clock that moves by hand. */
export class AnnouncerScene {
  readonly clock: VirtualClock = new VirtualClock();
  readonly announcer: Announcer;
  needPeers = false;

  /** `Kind` is what the test is about. */
  constructor(Kind: typeof Announcer, tiers: readonly (readonly string[])[], seed = 1) {
    this.announcer = new Kind(tiers, new SeededRandom(seed));
    this.announcer.start();
  }

  due(): Announcement[] {
    return this.announcer.due(this.clock.nowMs(), this.needPeers);
  }

  /** The one announcement that is due, as `event url`. */
  expect(expected: string): Announcement {
    const [announcement, ...others] = this.due();
    assert.deepEqual(others, []);
    assert.equal(announcement && `${announcement.event} ${announcement.url}`, expected);
    return announcement!;
  }

  silent(): void {
    assert.deepEqual(this.due(), []);
  }

  succeed(announcement: Announcement, reply: AnnounceReply = GOOD): void {
    this.announcer.succeeded(announcement.id, reply, this.clock.nowMs());
  }

  fail(announcement: Announcement, error: SourceError = DOWN): void {
    this.announcer.failed(announcement.id, error, this.clock.nowMs());
  }

  /** Advances second by second until something is due; answers how long it took. */
  waitMs(limitMs: number): number {
    for (let waited = 0; waited <= limitMs; waited += 1000, this.clock.advance(1000)) {
      const [announcement] = this.due();
      if (announcement === undefined) continue;
      this.announcer.failed(announcement.id, DOWN, this.clock.nowMs());
      return waited;
    }
    return Number.POSITIVE_INFINITY;
  }
}
