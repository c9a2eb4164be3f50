import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { AnnounceFields } from './announce.ts';
import { httpAnnounceUrl, percentEncode } from './http-announce-url.ts';

const fields: AnnounceFields = {
  infoHash: new Uint8Array(20).fill(0x61),
  peerId: new Uint8Array(Buffer.from('-MR0100-abcdefghijkl')),
  port: 6881,
  uploaded: 1,
  downloaded: 2,
  left: 9_007_199_254_740_991,
  event: 'none',
  numWant: 50,
  key: 0xbeef,
};

test('all parameters are there, as the specification names them', () => {
  const url = httpAnnounceUrl('http://t.example/announce', {
    ...fields,
    event: 'started',
    trackerId: Uint8Array.of(0, 0x41),
    ipv4: '192.0.2.1',
    ipv6: '2001:db8::1',
  });
  assert.equal(
    url,
    'http://t.example/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-MR0100-abcdefghijkl&port=6881&uploaded=1' +
      '&downloaded=2&left=9007199254740991&compact=1&numwant=50&key=0000BEEF&event=started&trackerid=%00A' +
      '&ipv4=192.0.2.1&ipv6=2001%3Adb8%3A%3A1',
  );
});

test('a regular announce names no event and nothing that is not known', () => {
  const query = new URL(httpAnnounceUrl('http://t.example/announce', fields)).searchParams;
  for (const name of ['event', 'trackerid', 'ipv4', 'ipv6']) assert.equal(query.has(name), false);
});

test('stopped asks for no peers', () => {
  const url = httpAnnounceUrl('http://t.example/announce', { ...fields, event: 'stopped' });
  assert.equal(new URL(url).searchParams.get('numwant'), '0');
});

test("the tracker's own query is kept in front and a fragment is dropped", () => {
  const at = (url: string): string => httpAnnounceUrl(url, fields).replace(/info_hash=.*/, '…');
  assert.equal(at('http://t.example/a?passkey=x'), 'http://t.example/a?passkey=x&…');
  assert.equal(at('http://t.example/a?'), 'http://t.example/a?…');
  assert.equal(at('http://t.example/a?x=1&'), 'http://t.example/a?x=1&…');
  assert.equal(at('http://t.example/a#frag?x'), 'http://t.example/a?…');
});

test('raw bytes survive the way through a URL', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (infoHash) => {
      const encoded = percentEncode(infoHash);
      assert.match(encoded, /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
      const href = new URL(httpAnnounceUrl('http://t.example/announce', { ...fields, infoHash })).href;
      const found = /info_hash=([^&]*)/.exec(href)![1]!;
      const decoded = found.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      assert.deepEqual(new Uint8Array(Buffer.from(decoded, 'latin1')), infoHash);
    }),
  );
});
