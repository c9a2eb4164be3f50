// The number of upload slots follows what the line carries.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { UPLOAD_SLOTS_MAX, UPLOAD_SLOTS_MIN, UPLOAD_SLOTS_START } from './limits.ts';
import { SlotTuner, slotsForLimit } from './slot-tuner.ts';

/** Lets rounds pass over a line that carries `rate(slots)`, with more peers than slots. */
function tuned(rate: (slots: number) => number, rounds: number, limitBytesPerSecond = 0): number[] {
  const tuner = new SlotTuner();
  const counts: number[] = [];
  for (let at = 0; at < rounds; at++) {
    const uploadBytesPerSecond = Math.round(rate(tuner.slots));
    counts.push(tuner.tune({ uploadBytesPerSecond, limitBytesPerSecond, served: tuner.slots, waiting: 50 }));
  }
  return counts;
}

test('slots are added while each brings more, up to what the line carries', () => {
  const counts = tuned((slots) => Math.min(slots * 100_000, 3_000_000), 200);
  assert.ok(counts.at(-1)! >= 28 && counts.at(-1)! <= 34, `${counts.at(-1)}`);
});

test('a line that the first slots fill gets no more, and is tried ever more rarely', () => {
  const counts = tuned(() => 1_000_000, 100);
  assert.ok(counts.every((slots) => slots <= UPLOAD_SLOTS_START + 1));
  assert.ok(counts.filter((slots) => slots > UPLOAD_SLOTS_START).length < 9, 'trials are rare');
});

test('a line too thin for its slots gets fewer', () => {
  assert.equal(tuned(() => 8000, 50).at(-1), UPLOAD_SLOTS_MIN);
});

test('a limit bounds the slots, and a line at its limit is not tried', () => {
  assert.equal(tuned(() => 8000, 1, 8 * 1024).at(-1), 2);
  const counts = tuned(() => 1_000_000, 100, 1_000_000);
  assert.ok(counts.every((slots) => slots === UPLOAD_SLOTS_START));
  assert.deepEqual(
    [5, 10, 20, 100, 1024, 1e9].map((kib) => slotsForLimit(kib * 1024)),
    [2, 3, 4, 7, 24, UPLOAD_SLOTS_MAX],
  );
});

test('nothing is learnt while there are slots to spare', () => {
  const tuner = new SlotTuner();
  for (let at = 0; at < 20; at++) {
    tuner.tune({ uploadBytesPerSecond: 1e9 * at, limitBytesPerSecond: 0, served: 3, waiting: 0 });
  }
  assert.equal(tuner.slots, UPLOAD_SLOTS_START);
});

test('whatever the line does, the slots stay within their bounds', () => {
  const line = fc.array(
    fc.record({ rate: fc.nat(10_000_000), limit: fc.constantFrom(0, 0, 5000, 2_000_000), waiting: fc.nat(3) }),
  );
  fc.assert(
    fc.property(line, (rounds) => {
      const tuner = new SlotTuner();
      for (const { rate, limit, waiting } of rounds) {
        const facts = { uploadBytesPerSecond: rate, limitBytesPerSecond: limit, served: tuner.slots, waiting };
        const slots = tuner.tune(facts);
        assert.ok(slots >= 2 && slots <= (limit > 0 ? slotsForLimit(limit) : UPLOAD_SLOTS_MAX));
      }
    }),
  );
});
