// Slots on spec: who is tried, for how long, and who next.
import assert from 'node:assert/strict';
import test from 'node:test';
import { optimisticOf, peer, round, unchokedLinks } from '../../testing/choker-rounds.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { LinkId } from '../ports.ts';
import { Choker } from './choker.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS, OPTIMISTIC_PATIENCE_ROUNDS } from './limits.ts';

test('slots that nobody earns are tried with: a crowd that gives nothing is not served in the order in which it came', () => {
  const peers = Array.from({ length: 20 }, (_, index) => peer(index + 1));
  const choker = new Choker(new SeededRandom(6));
  round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, 0);
  assert.equal(peers.filter((one) => choker.isOptimistic(one.link)).length, 4);
  const giver = peers.find((one) => one.unchoked)!;
  giver.downloadBytesPerSecond = 1000;
  round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, CHOKE_INTERVAL_MS);
  assert.ok(giver.unchoked && !choker.isOptimistic(giver.link), 'the first who gives something has earned its slot');
});

test('the optimistic slot changes hands every 30 seconds and not before', () => {
  const peers = Array.from({ length: 10 }, (_, index) => peer(index + 1, { downloadBytesPerSecond: 100 - index }));
  const choker = new Choker(new SeededRandom(5));
  const holders: (LinkId | undefined)[] = [];
  for (let nowMs = 0; nowMs < 4 * OPTIMISTIC_INTERVAL_MS; nowMs += CHOKE_INTERVAL_MS) {
    round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, nowMs);
    holders.push(optimisticOf(choker, peers));
  }
  for (let at = 1; at < holders.length; at++) {
    assert.equal(holders[at] === holders[at - 1], at % 3 !== 0, `round ${at} of ${holders.join(' ')}`);
  }
});

test('a new peer is tried about three times as often as an old one', () => {
  let wins = 0;
  for (let seed = 0; seed < 2000; seed++) {
    const peers = [1, 2, 3, 4, 5].map((link) => peer(link, { downloadBytesPerSecond: link < 4 ? 9 : 0 }));
    peers[4]!.connectedMs = -1000;
    const choker = new Choker(new SeededRandom(seed));
    round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, 0);
    if (choker.isOptimistic(5)) wins++;
  }
  assert.ok(wins > 1400 && wins < 1600, `${wins} of 2000`);
});

test('one slot in five is given on spec', () => {
  const peers = Array.from({ length: 30 }, (_, index) => peer(index + 1, { downloadBytesPerSecond: index }));
  const choker = new Choker(new SeededRandom(2));
  round(choker, peers, { slots: 20, optimistic: 4, seeding: false }, 0);
  assert.equal(peers.filter((one) => choker.isOptimistic(one.link)).length, 4);
  assert.equal(unchokedLinks(peers).length, 20);
});

test('nobody waits for ever for a try, even among a stream of newcomers', () => {
  const peers = Array.from({ length: 12 }, (_, index) =>
    peer(index + 1, { downloadBytesPerSecond: index < 3 ? 9 : 0 }),
  );
  const choker = new Choker(new SeededRandom(4));
  const old = peers.slice(3);
  const served = new Set<LinkId>();
  let next = 100;
  for (let nowMs = 0; nowMs < 2_000_000 && served.size < old.length; nowMs += CHOKE_INTERVAL_MS) {
    for (let fresh = 0; fresh < 3; fresh++) {
      peers.splice(12);
      peers.push(...Array.from({ length: 6 }, () => peer(next++, { connectedMs: nowMs })));
    }
    round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, nowMs);
    for (const one of old) if (one.unchoked) served.add(one.link);
  }
  assert.equal(served.size, old.length);
});

test('whoever had the trial goes behind all who wait for one', () => {
  for (let seed = 0; seed < 20; seed++) {
    const peers = [1, 2, 3].map((link) => peer(link, { downloadBytesPerSecond: link === 1 ? 9 : 0 }));
    const choker = new Choker(new SeededRandom(seed));
    const holders = [0, 1, 2, 3].map((turn) => {
      round(choker, peers, { slots: 2, optimistic: 1, seeding: false }, turn * OPTIMISTIC_INTERVAL_MS);
      return optimisticOf(choker, peers);
    });
    assert.ok(holders[0] !== holders[1] && holders[0] === holders[2] && holders[1] === holders[3], holders.join(' '));
  }
});

test('whose patience is at its end is tried next, whatever the lot says: sooner where more are tried at once', () => {
  for (const [slots, patienceMs] of [
    [1, OPTIMISTIC_PATIENCE_ROUNDS * OPTIMISTIC_INTERVAL_MS * 10],
    [2, (OPTIMISTIC_PATIENCE_ROUNDS * OPTIMISTIC_INTERVAL_MS * 10) / 2],
  ] as const) {
    const wins = [patienceMs, patienceMs + 1].map((nowMs) => {
      let count = 0;
      for (let seed = 0; seed < 20; seed++) {
        const choker = new Choker(new SeededRandom(seed));
        const settings = { slots, optimistic: slots, seeding: false };
        const first = peer(1);
        choker.decide([first], { ...settings, slots: 0 }, 0);
        round(choker, [first, ...Array.from({ length: 9 }, (_, at) => peer(at + 2))], settings, nowMs);
        if (first.unchoked) count++;
      }
      return count;
    });
    assert.ok(wins[0]! < 20 && wins[1] === 20, `with ${slots} slots ${wins.join(' and ')} of 20`);
  }
});

test('nobody is on trial once there are slots for all', () => {
  const peers = [1, 2, 3].map((link) => peer(link));
  const choker = new Choker(new SeededRandom(1));
  round(choker, peers, { slots: 2, optimistic: 1, seeding: false }, 0);
  assert.notEqual(optimisticOf(choker, peers), undefined);
  round(choker, peers, { slots: 3, optimistic: 1, seeding: false }, CHOKE_INTERVAL_MS);
  assert.equal(optimisticOf(choker, peers), undefined);
});

test('whoever was let in between rounds and has not had the time to give is on trial from then on', () => {
  const peers = [1, 2, 3].map((link) => peer(link, { downloadBytesPerSecond: link === 1 ? 9 : 0 }));
  const choker = new Choker(new SeededRandom(1));
  const settings = { slots: 2, optimistic: 1, seeding: false };
  peers[1]!.unchoked = choker.fill(peers.slice(0, 2), settings, 5000).unchoke.includes(2);
  peers[0]!.unchoked = true;
  for (let nowMs = 10_000; nowMs < 10_000 + OPTIMISTIC_INTERVAL_MS; nowMs += CHOKE_INTERVAL_MS) {
    round(choker, peers, settings, nowMs);
    assert.equal(optimisticOf(choker, peers), 2);
  }
  round(choker, peers, settings, 10_000 + OPTIMISTIC_INTERVAL_MS);
  assert.equal(optimisticOf(choker, peers), 3);
});

test('of those whose patience is at its end the one who waited longest is tried', () => {
  const peers = [1, 2, 3].map((link) => peer(link));
  const choker = new Choker(new SeededRandom(1));
  for (const late of [0, 1, 2])
    choker.decide(peers.slice(0, late + 1), { slots: 0, optimistic: 0, seeding: false }, late);
  round(
    choker,
    peers,
    { slots: 1, optimistic: 1, seeding: false },
    10 * OPTIMISTIC_PATIENCE_ROUNDS * OPTIMISTIC_INTERVAL_MS,
  );
  assert.equal(optimisticOf(choker, peers), 1);
});

test('who has gone is forgotten', () => {
  const peers = [1, 2, 3].map((link) => peer(link));
  const choker = new Choker(new SeededRandom(1));
  const settings = { slots: 1, optimistic: 1, seeding: false };
  round(choker, peers, settings, 0);
  const gone = optimisticOf(choker, peers)!;
  round(
    choker,
    peers.filter(({ link }) => link !== gone),
    settings,
    CHOKE_INTERVAL_MS,
  );
  assert.ok(!choker.isOptimistic(gone));
});
