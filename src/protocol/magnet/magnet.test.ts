// Magnet links as they are found in the wild, and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { infoHashBytes, infoHashFromBytes, parseInfoHash } from '../metainfo/info-hash.ts';
import { formatFileRanges, parseFileRanges, selectedFiles } from './file-ranges.ts';
import { formatMagnet } from './format-magnet.ts';
import type { Magnet } from './magnet.ts';
import { magnetFromInfoHash, parseMagnet } from './parse-magnet.ts';

const HEX = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a';
const BASE32 = 'YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK';
const LINK = `magnet:?xt=urn:btih:${HEX}`;

function refusal(uri: string): string {
  try {
    parseMagnet(uri);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.code;
  }
  return 'accepted';
}

test('an info hash is read from hexadecimal and base32 in either case', () => {
  for (const hash of [HEX, HEX.toUpperCase(), BASE32, BASE32.toLowerCase()]) {
    assert.equal(parseMagnet(`magnet:?xt=urn:btih:${hash}`).infoHash, HEX);
    assert.equal(magnetFromInfoHash(` ${hash}\n`).infoHash, HEX);
    assert.equal(parseMagnet(`MAGNET:?XT=URN:BTIH:${hash}`).infoHash, HEX);
  }
});

test('every parameter of BEP 9 and BEP 53 is read', () => {
  const v2 = 'ab'.repeat(32);
  const magnet = parseMagnet(
    `${LINK}&xt=urn:btmh:1220${v2}&dn=a+b%20%C3%A9&xl=1048576&tr=http%3A%2F%2Ft.example%2Fa%3Fk%3D1%2B2` +
      '&tr=udp://u.example:80&ws=http://w.example/&x.pe=10.0.0.1:6881&x.pe=[2001:db8::1]:6882&x.pe=h.example:1&so=0,2,4-6',
  );
  assert.deepEqual(magnet, {
    infoHash: HEX,
    infoHashV2: v2,
    displayName: 'a b é',
    claimedBytes: 1048576,
    trackers: ['http://t.example/a?k=1+2', 'udp://u.example:80'],
    webSeeds: ['http://w.example/'],
    peers: [
      { host: '10.0.0.1', port: 6881 },
      { host: '2001:db8::1', port: 6882 },
      { host: 'h.example', port: 1 },
    ],
    select: [
      { first: 0, last: 0 },
      { first: 2, last: 2 },
      { first: 4, last: 6 },
    ],
  });
});

test('numbered parameters and those copied from HTML count', () => {
  const magnet = parseMagnet(`magnet:?xt.1=urn:btih:${HEX}&amp;tr.1=http://a/&amp;tr.2=http://b/&amp;x.pe=1.2.3.4:5`);
  assert.deepEqual(magnet.trackers, ['http://a/', 'http://b/']);
  assert.deepEqual(magnet.peers, [{ host: '1.2.3.4', port: 5 }]);
});

test('what cannot be read is left out, what comes twice comes once', () => {
  const magnet = parseMagnet(
    `${LINK}&tr=&tr=http://a/&tr=http://a/&tr=http://a/%0d%0aHost:x&tr=%ff%zz&xl=many&so=5-2&x.pe=h:0&x.pe=h:70000&x.pe=::1:80&x.pe=[h]:1&dn=&novalue&=x`,
  );
  assert.deepEqual(magnet, {
    infoHash: HEX,
    trackers: ['http://a/', '\ufffd%zz'],
    webSeeds: [],
    peers: [],
  });
});

test('a link that names no torrent of ours is refused', () => {
  assert.equal(refusal('http://example.com/'), 'ERR_MAGNET_SYNTAX');
  assert.equal(refusal('magnet:?dn=x'), 'ERR_MAGNET_INFO_HASH');
  assert.equal(refusal(`magnet:?xt=urn:btih:${HEX.slice(1)}`), 'ERR_MAGNET_INFO_HASH');
  assert.equal(refusal(`magnet:?xt=urn:btih:${HEX.slice(1)}g`), 'ERR_MAGNET_INFO_HASH');
  assert.equal(refusal(`magnet:?xt=urn:btih:${BASE32.slice(1)}1`), 'ERR_MAGNET_INFO_HASH');
  assert.equal(refusal(`magnet:?xt=urn:sha1:${BASE32}`), 'ERR_MAGNET_INFO_HASH');
  assert.equal(refusal(`magnet:?xt=urn:btmh:1220${'0'.repeat(64)}`), 'ERR_MAGNET_V2_ONLY');
  assert.equal(refusal(`magnet:?xt=urn:btmh:1220${'0'.repeat(63)}`), 'ERR_MAGNET_INFO_HASH');
  assert.equal(refusal(`${LINK}&dn=${'x'.repeat(70_000)}`), 'ERR_MAGNET_TOO_LONG');
  assert.throws(() => magnetFromInfoHash('hello'), { code: 'ERR_MAGNET_INFO_HASH' });
});

test('lists are cut at their limits', () => {
  const many = Array.from({ length: 300 }, (_, i) => `&tr=http://t${i}/&x.pe=h${i}:1`).join('');
  const magnet = parseMagnet(LINK + many);
  assert.equal(magnet.trackers.length, 256);
  assert.equal(magnet.peers.length, 256);
});

test('file ranges select existing files once each, however far they reach', () => {
  assert.deepEqual(selectedFiles(parseFileRanges('4-9999999999,1,0-1')!, 6), [0, 1, 4, 5]);
  assert.equal(formatFileRanges(parseFileRanges('0,2,4-6')!), '0,2,4-6');
  for (const text of ['', ',', '1,', '-1', '1-', 'a', '3-1', '1.5', ' 1', '0,'.repeat(5000)]) {
    assert.equal(parseFileRanges(text), undefined, text);
  }
});

const urls = fc.webUrl({ withQueryParameters: true, withFragments: true });
const hosts = fc.oneof(fc.ipV4(), fc.domain(), fc.constantFrom('::1', '2001:db8::a', '::ffff:1.2.3.4'));
const magnets: fc.Arbitrary<Magnet> = fc.record(
  {
    infoHash: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => infoHashFromBytes(bytes)!),
    infoHashV2: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex),
    displayName: fc.string({ unit: 'binary', minLength: 1 }).filter((name) => /./u.test(name)),
    claimedBytes: fc.maxSafeNat(),
    trackers: fc.uniqueArray(urls, { maxLength: 4 }),
    webSeeds: fc.uniqueArray(urls, { maxLength: 2 }),
    peers: fc.uniqueArray(
      fc.record({ host: hosts, port: fc.integer({ min: 1, max: 65535 }) }, { noNullPrototype: true }),
      {
        maxLength: 3,
        selector: ({ host, port }) => `${host} ${port}`,
      },
    ),
    select: fc.array(
      fc.tuple(fc.nat(99), fc.nat(99)).map(([first, more]) => ({ first, last: first + more })),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: ['infoHash', 'trackers', 'webSeeds', 'peers'], noNullPrototype: true },
);

test('a written magnet link reads as the same magnet', () => {
  fc.assert(fc.property(magnets, (magnet) => assert.deepEqual(parseMagnet(formatMagnet(magnet)), magnet)));
});

test('any text is read or refused with InputError', () => {
  const parameter = fc.tuple(
    fc.constantFrom('xt', 'dn', 'tr', 'xl', 'ws', 'x.pe', 'so', 'tr.1', ''),
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(`urn:btih:${HEX}`, '%', '%F', '[::1]:1', '1-2')),
  );
  fc.assert(
    fc.property(fc.array(parameter), (parameters) => {
      const uri = `magnet:?${parameters.map(([key, value]) => `${key}=${value}`).join('&')}`;
      assert.match(refusal(uri), /^(accepted|ERR_MAGNET_[A-Z0-9_]+)$/);
    }),
  );
});

test('an info hash survives its three forms', () => {
  const hash = parseInfoHash(BASE32)!;
  assert.equal(infoHashFromBytes(infoHashBytes(hash)), HEX);
  assert.equal(infoHashFromBytes(new Uint8Array(19)), undefined);
});
