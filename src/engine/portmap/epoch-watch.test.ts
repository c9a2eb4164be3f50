// When the time that a gateway tells shows that it has started anew (RFC 6887, 8.5; RFC 6886, 3.6).
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EpochWatch, NAT_PMP_EPOCHS, PCP_EPOCHS } from './epoch-watch.ts';

function continues(
  rules: typeof PCP_EPOCHS,
  first: readonly [number, number],
  then: readonly [number, number],
): boolean {
  const watch = new EpochWatch(rules);
  assert.ok(watch.continues(first[0], first[1] * 1000), 'the first answer says nothing');
  return watch.continues(then[0], then[1] * 1000);
}

for (const [name, rules] of [
  ['PCP', PCP_EPOCHS],
  ['NAT-PMP', NAT_PMP_EPOCHS],
] as const) {
  test(`${name}: a clock that runs like ours, nearly, goes on`, () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e5), fc.double({ min: 0.95, max: 1.05, noNaN: true }), (start, ours, rate) => {
        assert.ok(continues(rules, [start, 0], [Math.floor(start + ours * rate), ours]));
      }),
    );
  });

  test(`${name}: a clock that began again, or stood still, does not`, () => {
    assert.equal(continues(rules, [5000, 0], [3, 600]), false);
    assert.equal(continues(rules, [5000, 0], [5000, 600]), false);
    assert.equal(continues(rules, [5000, 0], [4998, 0]), false);
    assert.equal(continues(rules, [5000, 0], [4999, 0]), true, 'packets overtake each other');
  });
}

test('a clock that jumps ahead counts by PCP alone', () => {
  assert.equal(continues(PCP_EPOCHS, [10, 0], [5000, 60]), false);
  assert.equal(continues(NAT_PMP_EPOCHS, [10, 0], [5000, 60]), true);
});
