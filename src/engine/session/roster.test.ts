import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { TICK_MS } from '../limits.ts';
import { Swarm } from '../swarm/swarm.ts';
import type { Member } from './member.ts';
import { Roster } from './roster.ts';

const nothing = (): void => undefined;

class Idler implements Member {
  readonly local = false;
  readonly infoHash: Uint8Array;
  readonly ticketBase: number;
  readonly swarm = new Swarm();
  readonly welcoming = true;
  readonly messagesDone = nothing;
  readonly blockLanded = nothing;
  readonly blockReturned = nothing;
  readonly blockWasted = nothing;
  readonly blocksDone = nothing;
  readonly blockRequested = nothing;
  readonly served = nothing;
  readonly contacts = { priorityOf: () => undefined, lesserThan: () => undefined };
  readonly replace = nothing;
  readonly candidate: Member['candidate'] = () => undefined;
  ticks = 0;
  untilMs = 0;
  onTick: () => void = nothing;

  constructor(number: number) {
    this.infoHash = new Uint8Array(20).fill(number);
    this.ticketBase = number;
  }

  admit(): never {
    return assert.fail('nobody comes');
  }

  restsUntilMs(): number {
    return this.untilMs;
  }

  dispatch(): void {
    this.ticks++;
    this.onTick();
  }
}

function rosterOf(...members: Member[]): { roster: Roster; tick: (nowMs: number) => void } {
  const roster = new Roster();
  const random = new SeededRandom(1);
  for (const member of members) roster.join(member);
  return { roster, tick: (nowMs) => roster.tick(nowMs, random) };
}

test('a member with nothing to do gets no tick until then, the others get each', () => {
  const [busy, idle] = [new Idler(1), new Idler(2)];
  idle.untilMs = 10 * TICK_MS;
  const { roster, tick } = rosterOf(busy, idle);
  for (let round = 0; round < 10; round++) tick(round * TICK_MS);
  assert.deepEqual([busy.ticks, idle.ticks], [10, 1]);
  assert.deepEqual([...roster.awake], [busy]);
  tick(10 * TICK_MS);
  assert.deepEqual([busy.ticks, idle.ticks], [11, 2]);
});

test('one that rests for ever is woken by news, and found by its hash and tickets all the time', () => {
  const idle = new Idler(3);
  idle.untilMs = Number.POSITIVE_INFINITY;
  const { roster, tick } = rosterOf(idle);
  tick(0);
  tick(1e12);
  assert.equal(idle.ticks, 1);
  assert.equal(roster.withHash(idle.infoHash), idle);
  assert.equal(roster.withTicketBase(3), idle);
  roster.wake(idle);
  tick(1e12);
  assert.equal(idle.ticks, 2);
});

test('one that left is ticked no more, asleep or awake or by its own tick, and news of it does not bring it back', () => {
  const [idle, busy, leaver] = [new Idler(1), new Idler(2), new Idler(3)];
  idle.untilMs = 1000;
  leaver.untilMs = 1000;
  const { roster, tick } = rosterOf(idle, busy, leaver);
  leaver.onTick = () => roster.leave(leaver);
  tick(0);
  for (const member of [idle, busy]) assert.ok(roster.leave(member));
  for (const member of [idle, busy, leaver]) roster.wake(member);
  tick(2000);
  assert.deepEqual([idle.ticks, busy.ticks, leaver.ticks], [1, 1, 1]);
  assert.equal(roster.withHash(idle.infoHash), undefined);
});

test('who takes the place of another keeps it when that one leaves', () => {
  const [search, torrent] = [new Idler(1), new Idler(1)];
  const { roster } = rosterOf(search, torrent);
  assert.equal(roster.leave(search), false);
  assert.equal(roster.withHash(torrent.infoHash), torrent);
});
