import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS } from '../limits.ts';
import type { LinkId } from '../ports.ts';
import { Choker, type ChokerPeer, type ChokerSettings } from './choker.ts';

type MutablePeer = { -readonly [Key in keyof ChokerPeer]: ChokerPeer[Key] };

function peer(link: number, facts: Partial<ChokerPeer> = {}): MutablePeer {
  return {
    link,
    interested: true,
    unchoked: false,
    snubbed: false,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    connectedMs: -3_600_000,
    ...facts,
  };
}

/** Lets the choker decide once and carries it out. */
function round(choker: Choker, peers: MutablePeer[], settings: ChokerSettings, nowMs: number): void {
  const { choke, unchoke } = choker.decide(peers, settings, nowMs);
  for (const one of peers) {
    if (choke.includes(one.link)) {
      assert.ok(one.unchoked, 'only an unchoked peer is choked');
      one.unchoked = false;
    }
    if (unchoke.includes(one.link)) {
      assert.ok(!one.unchoked, 'only a choked peer is unchoked');
      one.unchoked = true;
    }
  }
}

function unchokedLinks(peers: readonly ChokerPeer[]): LinkId[] {
  return peers.filter((one) => one.unchoked).map((one) => one.link);
}

function optimisticOf(choker: Choker, peers: readonly ChokerPeer[]): LinkId | undefined {
  return peers.find((one) => choker.isOptimistic(one.link))?.link;
}

const someFacts = fc.record({
  interested: fc.boolean(),
  snubbed: fc.boolean(),
  unchoked: fc.boolean(),
  downloadBytesPerSecond: fc.nat(1_000_000),
  uploadBytesPerSecond: fc.nat(1_000_000),
  connectedMs: fc.integer({ min: -200_000, max: 0 }),
});

test('never more than the slots are unchoked, and no slot stays empty while somebody asks', () => {
  fc.assert(
    fc.property(
      fc.array(someFacts, { maxLength: 30, size: 'max' }),
      fc.integer({ min: 1, max: 10 }),
      fc.nat(3),
      fc.boolean(),
      fc.nat(),
      (facts, slots, optimistic, seeding, seed) => {
        const peers = facts.map((fact, index) => peer(index + 1, fact));
        const choker = new Choker(new SeededRandom(seed));
        for (let nowMs = 0; nowMs < 100_000; nowMs += CHOKE_INTERVAL_MS) {
          round(choker, peers, { slots, optimistic: Math.min(optimistic, slots), seeding }, nowMs);
          const unchoked = peers.filter((one) => one.unchoked);
          const interested = peers.filter((one) => one.interested);
          assert.ok(unchoked.length <= slots);
          const served = unchoked.filter((one) => one.interested).length;
          assert.equal(served, Math.min(interested.length, slots), 'slots are used, and by those who want them');
        }
      },
    ),
  );
});

test('with competition, a snubbed peer gets no regular slot', () => {
  fc.assert(
    fc.property(
      fc.array(someFacts, { minLength: 5, maxLength: 30, size: 'max' }),
      fc.boolean(),
      fc.nat(),
      (facts, seeding, seed) => {
        const peers = facts.map((fact, index) => peer(index + 1, { ...fact, interested: true }));
        const choker = new Choker(new SeededRandom(seed));
        for (let nowMs = 0; nowMs < 100_000; nowMs += CHOKE_INTERVAL_MS) {
          round(choker, peers, { slots: 4, optimistic: 1, seeding }, nowMs);
          const snubbed = peers.filter((one) => one.unchoked && one.snubbed);
          assert.ok(snubbed.every((one) => choker.isOptimistic(one.link)));
        }
      },
    ),
  );
});

test('the peers that give most have the regular slots', () => {
  const peers = [3, 9, 1, 7, 5, 8].map((rate, index) => peer(index + 1, { downloadBytesPerSecond: rate * 1000 }));
  const choker = new Choker(new SeededRandom(1));
  round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, 0);
  assert.deepEqual(
    unchokedLinks(peers).filter((link) => !choker.isOptimistic(link)),
    [2, 4, 6],
  );
});

test('everybody who is interested gets a turn, from leech and seed alike', () => {
  for (const seeding of [false, true]) {
    const peers = Array.from({ length: 20 }, (_, index) => peer(index + 1, { downloadBytesPerSecond: index }));
    const choker = new Choker(new SeededRandom(7));
    const served = new Set<LinkId>();
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += CHOKE_INTERVAL_MS) {
      round(choker, peers, { slots: 4, optimistic: 1, seeding }, nowMs);
      for (const link of unchokedLinks(peers)) served.add(link);
    }
    assert.equal(served.size, 20);
  }
});

test('a seed lets each peer have its turn in order, however fast it is', () => {
  const peers = Array.from({ length: 12 }, (_, index) => peer(index + 1, { uploadBytesPerSecond: 1000 - index }));
  const choker = new Choker(new SeededRandom(3));
  const turns = new Map<LinkId, number>();
  const rounds = (12 / 3) * (OPTIMISTIC_INTERVAL_MS / CHOKE_INTERVAL_MS) * 4;
  for (let at = 0; at < rounds; at++) {
    round(choker, peers, { slots: 4, optimistic: 1, seeding: true }, at * CHOKE_INTERVAL_MS);
    for (const link of unchokedLinks(peers)) turns.set(link, (turns.get(link) ?? 0) + 1);
  }
  const counts = [...turns.values()];
  assert.equal(counts.length, 12);
  assert.ok(Math.max(...counts) <= Math.min(...counts) * 2.5, `turns are even: ${counts.join(' ')}`);
});

test('slots that nobody earns are tried with: a crowd that gives nothing is not served in the order in which it came', () => {
  const peers = Array.from({ length: 20 }, (_, index) => peer(index + 1));
  const choker = new Choker(new SeededRandom(6));
  round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, 0);
  assert.equal(peers.filter((one) => choker.isOptimistic(one.link)).length, 4);
  peers[9]!.downloadBytesPerSecond = 1000;
  round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, OPTIMISTIC_INTERVAL_MS);
  assert.ok(peers[9]!.unchoked, 'the first who gives something');
  assert.ok(!choker.isOptimistic(10), 'has earned its slot');
});

test('without an optimistic slot all go to those who give', () => {
  const peers = [3, 9, 1, 7].map((rate, index) => peer(index + 1, { downloadBytesPerSecond: rate * 1000 }));
  const choker = new Choker(new SeededRandom(1));
  round(choker, peers, { slots: 1, optimistic: 0, seeding: false }, 0);
  assert.deepEqual(unchokedLinks(peers), [2]);
  assert.equal(optimisticOf(choker, peers), undefined);
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

test('between rounds only free slots are given, and nobody who uses his loses it', () => {
  const peers = [9, 8, 0, 7].map((rate, index) =>
    peer(index + 1, { downloadBytesPerSecond: rate, unchoked: rate === 0 }),
  );
  const choker = new Choker(new SeededRandom(1));
  const filled = choker.fill(peers, { slots: 3, seeding: false }, 0);
  assert.deepEqual(filled, { choke: [], unchoke: [1, 2] });
});

test('who lost interest keeps a slot that nobody else wants, and gives it to the first who does', () => {
  const peers = [peer(1, { interested: false, unchoked: true }), peer(2, { interested: false })];
  const choker = new Choker(new SeededRandom(1));
  assert.deepEqual(choker.fill(peers, { slots: 1, seeding: false }, 0), { choke: [], unchoke: [] });
  assert.deepEqual(choker.decide(peers, { slots: 1, optimistic: 1, seeding: false }, 10), { choke: [], unchoke: [] });
  peers[1]!.interested = true;
  assert.deepEqual(choker.fill(peers, { slots: 1, seeding: false }, 20), { choke: [1], unchoke: [2] });
});
