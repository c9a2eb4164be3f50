// The fuzzer's small self: every committed input, and a few thousand variations with a fixed seed.
// `npm run fuzz -- --inputs N` goes on from here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corpus } from './corpus.ts';
import { fuzz, tryInput } from './session.ts';
import { targets } from './targets.ts';

const INPUTS = 4000;

for (const target of targets) {
  test(`${target.name}: every committed input is answered or refused as documented`, () => {
    const entries = corpus(target.name);
    assert.ok(entries.length > 0, 'there is a corpus');
    for (const { name, bytes } of entries) assert.equal(tryInput(target, bytes), undefined, `${target.name}/${name}`);
  });

  test(`${target.name}: ${INPUTS} mutated inputs break nothing`, () => {
    const crash = fuzz(target, 1, 0, INPUTS);
    assert.equal(crash, undefined, `input ${crash?.index}: ${crash?.error}`);
  });
}

test('the fuzzer finds a decoder that throws what it must not', () => {
  const careless = { ...targets[0]!, run: (input: Uint8Array) => void JSON.parse(Buffer.from(input).toString()) };
  assert.ok(fuzz(careless, 1, 0, 100)?.error instanceof SyntaxError);
});
