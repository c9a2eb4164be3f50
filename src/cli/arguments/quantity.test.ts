import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRate, parseSize } from './quantity.ts';

test('sizes are read with binary, decimal and bare units', () => {
  const cases: [string, number][] = [
    ['0', 0],
    ['1', 1],
    ['17B', 17],
    ['500k', 500 * 1024],
    ['500K', 500 * 1024],
    ['500kB', 500_000],
    ['16KiB', 16_384],
    ['16kib', 16_384],
    ['1.5M', 1_572_864],
    ['128MiB', 134_217_728],
    ['128 MiB', 134_217_728],
    ['10MB', 10_000_000],
    ['2Gi', 2_147_483_648],
    ['1TiB', 1024 ** 4],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
});

test('rates are sizes per second, with or without saying so', () => {
  assert.equal(parseRate('10MB/s'), 10_000_000);
  assert.equal(parseRate('10MiB/S'), 10_485_760);
  assert.equal(parseRate('1.5M'), 1_572_864);
  assert.equal(parseRate('0'), 0);
});

test('what is not a size is refused with the units that are', () => {
  for (const text of [
    '',
    'MiB',
    '-1',
    '1e9',
    '0x10',
    '1,5M',
    '10 apples',
    '1.M',
    'NaN',
    '1iB',
    '9999999999T',
    '1M/s',
  ]) {
    assert.throws(() => parseSize(text), { code: 'ERR_CLI_SIZE', message: /MiB/ }, text);
  }
  for (const text of ['', 'fast', '/s', '10M/h']) assert.throws(() => parseRate(text), { code: 'ERR_CLI_RATE' }, text);
});

test('a unit that could mean bits is refused', () => {
  for (const text of ['10Mb', '10kb', '1Gb/s']) assert.throws(() => parseRate(text), { code: 'ERR_CLI_RATE' }, text);
});

test('any whole number of KiB survives the way through text', () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), (count) => assert.equal(parseSize(`${count}KiB`), count * 1024)));
});
