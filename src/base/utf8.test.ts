import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, decodeUtf8Lossy, encodeUtf8, utf8Length } from './utf8.ts';

test('text survives encoding and decoding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(encodeUtf8(text), new Uint8Array(new TextEncoder().encode(text)));
      assert.equal(decodeUtf8(encodeUtf8(text)), new TextDecoder().decode(new TextEncoder().encode(text).slice()));
    }),
  );
});

test('the length of what would be encoded is known before, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      for (const text of [a, b, a + b]) assert.equal(utf8Length(text), encodeUtf8(text).length);
    }),
  );
  for (const text of ['\ud800', 'x\udc00\ud800', '\ud83d\ude00\ude00'])
    assert.equal(utf8Length(text), encodeUtf8(text).length);
});

test('strict decoding agrees with the platform decoder on any bytes', () => {
  const oracle = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const expected = (bytes: Uint8Array): string | undefined => {
    try {
      return oracle.decode(bytes);
    } catch (error) {
      assert.ok(error instanceof TypeError);
      return undefined;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      assert.equal(decodeUtf8(bytes), expected(bytes));
      assert.equal(decodeUtf8Lossy(bytes).includes('\ufffd'), expected(bytes)?.includes('\ufffd') ?? true);
    }),
    { numRuns: 2000 },
  );
});
