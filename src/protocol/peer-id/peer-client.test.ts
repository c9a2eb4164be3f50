import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1 } from '../../base/bytes.ts';
import { peerClient } from './peer-client.ts';

function named(start: string): string {
  return peerClient(fromLatin1(start.padEnd(20, '\u00e7')));
}

test("today's programs are named with their version as they write it", () => {
  assert.equal(named('-qB4620-'), 'qBittorrent 4.6.2');
  assert.equal(named('-TR2940-'), 'Transmission 2.94');
  assert.equal(named('-TR3000-'), 'Transmission 3.00');
  assert.equal(named('-TR4060-'), 'Transmission 4.0.6');
  assert.equal(named('-LT2080-'), 'libtorrent 2.0.8');
  assert.equal(named('-lt0D80-'), 'libTorrent (rTorrent) 0.13.8');
  assert.equal(named('-DE13F0-'), 'Deluge 1.3.15');
  assert.equal(named('-WW0208-'), 'WebTorrent 2.8');
  assert.equal(named('-BC0207-'), 'BitComet 2.07');
  assert.equal(named('-UT355W-'), 'uTorrent 3.5.5');
  assert.equal(named('-AZ5761-'), 'Vuze 5.7.6.1');
  assert.equal(named('-MR0100-'), 'Millrace 0.1.0');
});

test("styles other than Azureus' are read", () => {
  assert.equal(named('A2-1-36-0-'), 'aria2 1.36.0');
  assert.equal(named('M7-10-5--'), 'BitTorrent 7.10.5');
  assert.equal(named('-ML2.7.2-'), 'MLDonkey 2.7.2');
  assert.equal(named('XBT054d-'), 'XBT 0.5.4');
  assert.equal(named('OP1084'), 'Opera (build 1084)');
  assert.equal(named('T03I-----'), 'BitTornado 0.3.18');
});

test('an unknown program shows its mark, and bytes without a mark show nothing', () => {
  assert.equal(named('-zZ1234-'), 'unknown (-zZ1234-)');
  assert.equal(named('Z03I-----'), 'unknown');
  assert.equal(named('-qB46'), 'unknown');
  assert.equal(peerClient(new Uint8Array(20)), 'unknown');
  assert.equal(peerClient(new Uint8Array(0)), 'unknown');
});

test('whatever a peer sends, the name is short printable ASCII', () => {
  const marks = fc.constantFrom('', '-', '-qB', 'M', 'A2-', 'T', 'XBT', 'OP', '-ML');
  fc.assert(
    fc.property(marks, fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.string(), (mark, tail, text) => {
      const id = fromLatin1(mark + text);
      const bytes = new Uint8Array([...id, ...tail]).subarray(0, 20);
      assert.match(peerClient(bytes), /^[\x20-\x7e]{1,40}$/);
    }),
    { numRuns: 2000 },
  );
});
