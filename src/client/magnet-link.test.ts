import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMagnet } from '../protocol/magnet/parse-magnet.ts';
import { parseInfoHash } from '../protocol/metainfo/info-hash.ts';
import { magnetLink } from './magnet-link.ts';

const infoHash = parseInfoHash('0123456789abcdef0123456789abcdef01234567')!;

test('a magnet link carries hash, name and trackers, escaped', () => {
  const tiers = [['http://t.example/a?b=c', 'udp://u.example:1'], ['https://v.example/']];
  assert.equal(
    magnetLink({ infoHash, name: 'a film', tiers }),
    `magnet:?xt=urn:btih:${infoHash}&dn=a%20film&tr=http%3A%2F%2Ft.example%2Fa%3Fb%3Dc&tr=udp%3A%2F%2Fu.example%3A1&tr=https%3A%2F%2Fv.example%2F`,
  );
});

test('a hybrid torrent is named by both hashes, so that clients of either kind find it', () => {
  const link = magnetLink({ infoHash, infoHashV2: 'ab'.repeat(32), name: 'both', tiers: [] });
  const { infoHash: v1, infoHashV2 } = parseMagnet(link);
  assert.deepEqual([v1, infoHashV2], [infoHash, 'ab'.repeat(32)]);
});

test('a long list of trackers is cut', () => {
  const tiers = Array.from({ length: 30 }, (_, at) => [`http://t${at}.example/`]);
  assert.equal(parseMagnet(magnetLink({ infoHash, name: 'x', tiers })).trackers.length, 10);
});

test('control characters, which a terminal would obey, are escaped', () => {
  const link = magnetLink({ infoHash, name: 'a\u001b[2Jb\u202e', tiers: [['http://t.example/\n']] });
  assert.match(link, /^[\x21-\x7e]+$/);
  assert.match(magnetLink({ infoHash, name: 'odd \ud800 &', tiers: [] }), /dn=odd%20%EF%BF%BD%20%26$/);
});
