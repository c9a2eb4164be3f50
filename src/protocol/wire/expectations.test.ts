import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Expectations } from './expectations.ts';

interface Entry {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly place: number;
}

/** The same by plain means: a list. */
type Model = Entry[];

function entryAt(expected: Expectations, position: number): Entry {
  return {
    piece: expected.pieceAt(position),
    begin: expected.beginAt(position),
    length: expected.lengthAt(position),
    place: expected.placeAt(position),
  };
}

function compare(expected: Expectations, model: Model): void {
  assert.equal(expected.count, model.length);
  assert.deepEqual(
    expected.positions().map((position) => entryAt(expected, position)),
    model,
  );
  const first = expected.first();
  assert.deepEqual(first < 0 ? undefined : entryAt(expected, first), model[0]);
}

test('blocks are found and removed in any order, and the rest keeps the order of the requests', () => {
  // Positive: add so many. Zero and below: remove the oldest, or the one at that share of the list.
  const command = fc.oneof(
    fc.integer({ min: 1, max: 90 }),
    fc.constant(0),
    fc.double({ min: -1, max: -0.001, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const expected = new Expectations();
      const model: Model = [];
      let next = 0;
      for (const command of commands) {
        for (let i = 0; i < command; i++) {
          const entry = { piece: next >> 2, begin: (next & 3) * 16384, length: 1 + next, place: 5000 - next };
          next++;
          model.push(entry);
          expected.add(entry.piece, entry.begin, entry.length, entry.place);
        }
        if (command <= 0 && model.length > 0) {
          const [entry] = model.splice(Math.min(model.length - 1, Math.floor(-command * model.length)), 1);
          const position = expected.find(entry!.piece, entry!.begin);
          assert.deepEqual(entryAt(expected, position), entry);
          expected.remove(position);
          assert.equal(expected.find(entry!.piece, entry!.begin), -1);
        }
        compare(expected, model);
      }
    }),
    { numRuns: 60 },
  );
});

test('a hole left by a removed block is never found', () => {
  const expected = new Expectations();
  expected.add(1, 0, 16384, 1);
  expected.add(2, 0, 16384, 2);
  expected.remove(expected.find(2, 0));
  assert.equal(expected.find(2, 0), -1);
  assert.equal(expected.find(4294967295, 0), -1, 'the mark of a hole is no piece number that a peer can send');
});

test('a long download in order needs no more room than its window', () => {
  const expected = new Expectations();
  for (let k = 0; k < 100_000; k++) {
    expected.add(k, 0, 16384, k & 31);
    if (k < 32) continue;
    assert.equal(expected.find(k - 32, 0), expected.first());
    expected.remove(expected.first());
  }
  assert.equal(expected.count, 32);
});
