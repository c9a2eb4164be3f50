import assert from 'node:assert/strict';
import test from 'node:test';
import { sha1 } from '../../testing/sha1.ts';
import { allowedFastSet } from './allowed-fast.ts';

const torrent = { infoHash: new Uint8Array(20).fill(0xaa), pieceCount: 1313 };

test('the vectors of BEP 6', () => {
  assert.deepEqual(allowedFastSet('80.4.4.200', torrent, 7, sha1), [1059, 431, 808, 1217, 287, 376, 1188]);
  assert.deepEqual(allowedFastSet('80.4.4.200', torrent, 9, sha1), [1059, 431, 808, 1217, 287, 376, 1188, 353, 508]);
});

test('neighbours share a set, a torrent of few pieces gives all of them', () => {
  assert.deepEqual(allowedFastSet('80.4.4.1', torrent, 9, sha1), allowedFastSet('80.4.4.254', torrent, 9, sha1));
  const small = allowedFastSet('80.4.4.200', { ...torrent, pieceCount: 3 }, 10, sha1);
  assert.deepEqual([...small].sort(), [0, 1, 2]);
  assert.deepEqual(allowedFastSet('80.4.4.200', { ...torrent, pieceCount: 0 }, 10, sha1), []);
});

test('there is no set for names and IPv6', () => {
  for (const host of ['2001:db8::1', 'example.org', '1.2.3', '300.1.1.1', '']) {
    assert.deepEqual(allowedFastSet(host, torrent, 10, sha1), []);
  }
});
