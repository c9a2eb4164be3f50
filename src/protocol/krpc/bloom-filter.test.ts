import assert from 'node:assert/strict';
import test from 'node:test';
import { toHex } from '../../base/bytes.ts';
import { sha1 } from '../../testing/sha1.ts';
import { BLOOM_FILTER_BYTES, BloomFilter } from './bloom-filter.ts';

/** What BEP 33 says of 192.0.2.0–192.0.2.255 and 2001:db8::–2001:db8::3e7. */
const VECTOR = `
F6C3F5EA A07FFD91 BDE89F77 7F26FB2B FF37BDB8 FB2BBAA2 FD3DDDE7 BACFFF75 EE7CCBAE
FE5EEDB1 FBFAFF67 F6ABFF5E 43DDBCA3 FD9B9FFD F4FFD3E9 DFF12D1B DF59DB53 DBE9FA5B
7FF3B8FD FCDE1AFB 8BEDD7BE 2F3EE71E BBBFE93B CDEEFE14 8246C2BC 5DBFF7E7 EFDCF24F
D8DC7ADF FD8FFFDF DDFFF7A4 BBEEDF5C B95CE81F C7FCFF1F F4FFFFDF E5F7FDCB B7FD79B3
FA1FC77B FE07FFF9 05B7B7FF C7FEFEFF E0B8370B B0CD3F5B 7F2BD93F EB4386CF DD6F7FD5
BFAF2E9E BFFFFEEC D67ADBF7 C67F17EF D5D75EBA 6FFEBA7F FF47A91E B1BFBB53 E8ABFB57
62ABE8FF 237279BF EFBFEEF5 FFC5FEBF DFE5ADFF ADFEE1FB 737FFFFB FD9F6AEF FEEE76B6
FD8F72EF`;

test('the vector of BEP 33', () => {
  const filter = new BloomFilter(sha1);
  for (let last = 0; last < 256; last++) filter.add(`192.0.2.${last}`);
  for (let last = 0; last <= 0x3e7; last++) filter.add(`2001:db8::${last.toString(16)}`);
  assert.equal(toHex(filter.bytes), VECTOR.replace(/\s/g, '').toLowerCase());
  assert.ok(Math.abs(filter.estimate() - 1224.9308) < 0.0001, `${filter.estimate()}`);
});

test('filters add up without counting anybody twice, and names count for nothing', () => {
  const [a, b, both] = [new BloomFilter(sha1), new BloomFilter(sha1), new BloomFilter(sha1)];
  for (let last = 0; last < 100; last++) (last < 60 ? a : b).add(`198.51.100.${last}`);
  for (let last = 40; last < 60; last++) b.add(`198.51.100.${last}`);
  both.unite(a.bytes);
  both.unite(b.bytes);
  assert.deepEqual(
    both.bytes,
    a.bytes.map((byte, at) => byte | b.bytes[at]!),
  );
  for (const size of [1, BLOOM_FILTER_BYTES - 1, BLOOM_FILTER_BYTES + 1]) both.unite(new Uint8Array(size).fill(0xff));
  both.add('example.org');
  assert.ok(Math.abs(both.estimate() - 100) < 8, `${both.estimate()}`);
  assert.equal(Math.round(new BloomFilter(sha1).estimate()), 0);
});

test('a filter without room counts as many as one bit that is left would say', () => {
  const filter = new BloomFilter(sha1);
  filter.bytes.fill(0xff);
  const full = filter.estimate();
  filter.bytes[3] = 0x7f;
  assert.equal(full, filter.estimate());
  filter.bytes[3] = 0x3f;
  assert.ok(filter.estimate() < full);
});
