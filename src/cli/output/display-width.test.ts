import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { displayWidth, fitColumns, foldWords, wrapColumns } from './display-width.ts';

test('wide characters take two columns, combining marks none', () => {
  assert.equal(displayWidth('movie.mkv'), 9);
  assert.equal(displayWidth('映画'), 4);
  assert.equal(displayWidth('ｆｕｌｌ'), 8);
  assert.equal(displayWidth('e\u0301a\u200b'), 2);
  assert.equal(displayWidth('👩‍👩‍👧🎬'), 4);
});

test('a long name loses its middle and keeps its end', () => {
  assert.equal(fitColumns('short.mkv', 9), 'short.mkv');
  assert.equal(fitColumns('a-very-long-name.mkv', 13), 'a-very-l….mkv');
  assert.equal(fitColumns('映画映画映画.mkv', 9), '映画映…kv');
  assert.equal(fitColumns('abc', 1), '…');
  assert.equal(fitColumns('abc', 0), '');
});

test('a fitted text never takes more columns than there are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(40), (text, columns) => {
      assert.ok(displayWidth(fitColumns(text, columns)) <= columns);
    }),
  );
});

test('a sentence is broken between words, and loses none of them', () => {
  assert.deepEqual(wrapColumns('no peers yet: ask again', 12), ['no peers', 'yet: ask', 'again']);
  assert.deepEqual(wrapColumns('fits', 12), ['fits']);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { minLength: 1 }), (parts) => {
      const text = parts.map((part) => part.replaceAll(' ', '_')).join(' ');
      const lines = wrapColumns(text, 20);
      assert.equal(lines.join(' '), text);
      for (const line of lines) assert.ok(displayWidth(line) <= 20);
    }),
  );
});

test('a sentence is folded between words, and what is to be copied stays whole', () => {
  assert.equal(foldWords('short', 10), 'short');
  assert.equal(foldWords('cannot write /a/very/long/path here', 12), 'cannot write\n/a/very/long/path\nhere');
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', '映') }), { minLength: 1 }),
      fc.nat(40),
      (words, columns) => {
        const folded = foldWords(words.join(' '), columns);
        assert.equal(folded.replaceAll('\n', ' '), words.join(' '));
        for (const line of folded.split('\n')) assert.ok(!line.includes(' ') || displayWidth(line) <= columns, line);
      },
    ),
  );
});
