// Decoder and encoder together: what one writes the other reads, and nothing a stranger sends breaks either.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { type BencodeOptions, decodeBencode, decodeBencodePrefix } from './bencode-decoder.ts';
import { type BencodeInput, encodeBencode } from './bencode-encoder.ts';
import { BencodeError } from './bencode-error.ts';
import { BencodeDictionary, type BencodeValue, isBencodeList } from './bencode-value.ts';

const ascii = fromLatin1;

/** Plain data that deepEqual can compare: byte strings as latin1 text, dictionaries as objects. */
function plain(value: BencodeValue): unknown {
  if (value instanceof Uint8Array) return toLatin1(value);
  if (value instanceof BencodeDictionary) {
    return new Map(Array.from(value.keys(), (key) => [key, plain(value.get(key)!)] as const));
  }
  return isBencodeList(value) ? value.map(plain) : value;
}

function refusal(bytes: Uint8Array, options?: BencodeOptions): BencodeError {
  try {
    decodeBencode(bytes, options);
  } catch (error) {
    assert.ok(error instanceof BencodeError, String(error));
    return error;
  }
  return assert.fail(`accepted ${toLatin1(bytes)}`);
}

test('every kind of value is read', () => {
  assert.equal(decodeBencode(ascii('i-42e'), { strict: true }), -42);
  assert.equal(decodeBencode(ascii('i0e'), { strict: true }), 0);
  assert.deepEqual(plain(decodeBencode(ascii('l4:spami1eleded1:ai1eee'), { strict: true })), [
    'spam',
    1,
    [],
    new Map(),
    new Map([['a', 1]]),
  ]);
});

test('integers beyond the safe range keep every digit as bigint', () => {
  assert.equal(decodeBencode(ascii('i9007199254740991e')), 9007199254740991);
  assert.equal(decodeBencode(ascii('i9007199254740993e')), 9007199254740993n);
  assert.equal(decodeBencode(ascii('i-9223372036854775808e')), -9223372036854775808n);
});

test('strings are views into the input', () => {
  const bytes = ascii('d1:a4:spame');
  const root = decodeBencode(bytes);
  assert.ok(root instanceof BencodeDictionary);
  const spam = root.byteString('a');
  assert.equal(spam?.buffer, bytes.buffer);
  assert.equal(spam.byteOffset, 6);
});

test('raw gives the exact bytes of a value, however oddly they are encoded', () => {
  const info = 'd1:bi007e1:ali1eee';
  const root = decodeBencode(ascii(`xd4:info${info}1:s2:hi1:zl1:qe1:yi5ee`).subarray(1));
  assert.ok(root instanceof BencodeDictionary);
  assert.equal(toLatin1(root.raw('info')!), info);
  assert.equal(toLatin1(root.dictionary('info')!.bytes), info);
  assert.equal(toLatin1(root.dictionary('info')!.raw('a')!), 'li1ee');
  assert.equal(toLatin1(root.raw('z')!), 'l1:qe');
  assert.equal(toLatin1(root.raw('y')!), 'i5e');
  assert.equal(toLatin1(root.raw('s')!), '2:hi');
  assert.equal(root.raw('absent'), undefined);
});

test('typed getters answer undefined for a wrong type', () => {
  const root = decodeBencode(ascii('d1:ai1e1:b1:\xff1:c2:hi1:dli1eee'));
  assert.ok(root instanceof BencodeDictionary);
  assert.equal(root.integer('b'), undefined);
  assert.equal(root.text('b'), undefined);
  assert.equal(root.text('c'), 'hi');
  assert.equal(root.byteString('a'), undefined);
  assert.equal(root.dictionary('d'), undefined);
  assert.deepEqual(root.list('d'), [1]);
  assert.equal(root.list('c'), undefined);
});

test('a key may be named like a member of Object', () => {
  const root = decodeBencode(ascii('d9:__proto__i1e11:constructori2ee'), { strict: true });
  assert.ok(root instanceof BencodeDictionary);
  assert.equal(root.integer('__proto__'), 1);
  assert.equal(root.has('toString'), false);
});

test('what is readable but not canonical passes leniently only', () => {
  for (const text of ['d1:bi1e1:ai2ee', 'd1:ai1e1:ai2ee', 'i007e', 'i-0e', 'i-01e', '03:abc', 'i1ex', 'lelele']) {
    decodeBencode(ascii(text));
    assert.equal(refusal(ascii(text), { strict: true }).code, 'ERR_BENCODE_CANONICAL', text);
  }
  assert.ok(Object.is(decodeBencode(ascii('i-0e')), 0));
});

test('of a key that comes twice the first counts', () => {
  const root = decodeBencode(ascii('d1:ai1e1:ai2ee'));
  assert.deepEqual(plain(root), new Map([['a', 1]]));
});

test('broken input is refused with its place', () => {
  const cases: [string, string, number][] = [
    ['', 'ERR_BENCODE_TRUNCATED', 0],
    ['i12', 'ERR_BENCODE_TRUNCATED', 3],
    ['i', 'ERR_BENCODE_TRUNCATED', 1],
    ['5:abc', 'ERR_BENCODE_TRUNCATED', 0],
    ['l', 'ERR_BENCODE_TRUNCATED', 1],
    ['d1:a', 'ERR_BENCODE_TRUNCATED', 4],
    ['99999999999999999999:', 'ERR_BENCODE_TRUNCATED', 0],
    ['e', 'ERR_BENCODE_SYNTAX', 0],
    ['x', 'ERR_BENCODE_SYNTAX', 0],
    ['-1:a', 'ERR_BENCODE_SYNTAX', 0],
    ['ie', 'ERR_BENCODE_SYNTAX', 1],
    ['i--1e', 'ERR_BENCODE_SYNTAX', 2],
    ['i1.5e', 'ERR_BENCODE_SYNTAX', 2],
    ['3abc', 'ERR_BENCODE_SYNTAX', 1],
    ['di1ei2ee', 'ERR_BENCODE_SYNTAX', 1],
    ['d1:ae', 'ERR_BENCODE_SYNTAX', 4],
    [`i${'1'.repeat(21)}e`, 'ERR_BENCODE_LIMIT', 1],
    [`${'1'.repeat(21)}:`, 'ERR_BENCODE_LIMIT', 0],
    [`d4097:${'k'.repeat(4097)}i1ee`, 'ERR_BENCODE_LIMIT', 1],
  ];
  for (const [text, code, offset] of cases) {
    const error = refusal(ascii(text));
    assert.equal(error.code, code, text.slice(0, 30));
    assert.equal(error.offset, offset, text.slice(0, 30));
    assert.match(error.message, new RegExp(`at byte ${offset}$`));
  }
});

test('depth, size and number of items are limited, up to the limit exactly', () => {
  const limits = { bytesMax: 20, depthMax: 3, itemsMax: 5 };
  decodeBencode(ascii('llleee'), { limits });
  assert.match(refusal(ascii('lllleeee'), { limits }).message, /deeper than 3/);
  decodeBencode(ascii('li1ei1ei1ei1ee'), { limits });
  assert.match(refusal(ascii('li1ei1ei1ei1ei1ee'), { limits }).message, /more than 5 items/);
  decodeBencode(ascii('ldei1ee'), { limits });
  assert.match(
    refusal(ascii('ldedee'), { limits }).message,
    /more than 5 items/,
    'a dictionary costs as much as three',
  );
  decodeBencode(ascii(`17:${'a'.repeat(17)}`), { limits });
  assert.match(refusal(ascii(`18:${'a'.repeat(18)}`), { limits }).message, /more than 20/);
});

test('a million opening brackets are refused without a deep stack', () => {
  assert.equal(refusal(ascii('l'.repeat(1_000_000))).code, 'ERR_BENCODE_LIMIT');
  const limits = { bytesMax: 1e7, depthMax: 1e7, itemsMax: 1e7 };
  assert.equal(refusal(ascii('l'.repeat(1_000_000)), { limits }).code, 'ERR_BENCODE_TRUNCATED');
});

test('a prefix says where the value ends, for payload that follows (BEP 9)', () => {
  const { value, end } = decodeBencodePrefix(ascii('d8:msg_typei1eepayload'), { strict: true });
  assert.equal((value as BencodeDictionary).integer('msg_type'), 1);
  assert.equal(end, 15);
});

test('the encoder sorts keys as bytes, writes text as UTF-8 and leaves undefined members out', () => {
  const value = { zz: 'é', a: undefined, Z: [1, -2n], '\xff': new Map([['k', new Uint8Array([0])]]) };
  assert.equal(toLatin1(encodeBencode(value)), 'd1:Zli1ei-2ee2:zz2:\xc3\xa91:\xffd1:k1:\0ee');
  assert.throws(() => encodeBencode(1.5), /assertion/);
  assert.throws(() => encodeBencode({ '\u0100': 1 }), /assertion/);
});

const values: fc.Arbitrary<BencodeInput> = fc.letrec<{ value: BencodeInput }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.uint8Array({ maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.uint8Array({ maxLength: 4 }).map(toLatin1), tie('value')), { maxLength: 4 })
      .map((entries) => new Map(entries)),
  ),
})).value;

function plainInput(value: BencodeInput): unknown {
  if (value instanceof Uint8Array) return toLatin1(value);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, plainInput(item as BencodeInput)]));
  if (Array.isArray(value)) return value.map((item) => plainInput(item as BencodeInput));
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

test('what was encoded decodes to the same value, strictly', () => {
  fc.assert(
    fc.property(values, (value) => {
      const decoded = decodeBencode(encodeBencode(value), { strict: true });
      assert.deepEqual(plain(decoded), plainInput(value));
      assert.deepEqual(encodeBencode(decoded), encodeBencode(value));
    }),
  );
});

/** Valid bencode with some bytes overwritten, inserted or cut: far deeper into the decoder than noise gets. */
const mutants: fc.Arbitrary<Uint8Array> = fc
  .tuple(values.map(encodeBencode), fc.array(fc.tuple(fc.nat(), fc.constantFrom(...ascii('ilde0123:-x')), fc.nat(2))))
  .map(([bytes, edits]) => {
    for (const [place, byte, kind] of edits) {
      const at = place % (bytes.length + 1);
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(kind === 0 ? at : at + 1)];
      bytes = concatBytes(kind === 2 ? [head, tail] : [head, new Uint8Array([byte]), tail]);
    }
    return bytes;
  });

test('any input is decoded or refused with BencodeError; strict means canonical', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), mutants), (bytes) => {
      for (const strict of [false, true]) {
        try {
          const value = decodeBencode(bytes, { strict });
          if (strict) assert.deepEqual(encodeBencode(value), bytes);
        } catch (error) {
          assert.ok(error instanceof BencodeError, String(error));
          assert.ok(error.offset >= 0 && error.offset <= bytes.length);
        }
      }
    }),
    { numRuns: 3000 },
  );
});
