import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PeerError } from '../../base/errors.ts';
import { encodeBencode } from '../bencode/bencode-encoder.ts';
import { PEX_ENTRIES_READ_MAX } from '../limits.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';
import { decodePex, encodePex, PEX_FLAGS } from './pex-message.ts';

const host = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((bytes) => decodeAddress(bytes)!);
const endpoint = fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }, { noNullPrototype: true });
const peers = fc.uniqueArray(
  endpoint.chain((peer) => fc.nat({ max: 31 }).map((flags) => ({ ...peer, flags }))),
  { maxLength: 60, selector: ({ host: name, port }) => `${name}|${port}` },
);

const byHost = (a: { host: string; port: number }, b: { host: string; port: number }): number =>
  `${a.host}|${a.port}` < `${b.host}|${b.port}` ? -1 : 1;

test('a message survives encoding and decoding', () => {
  fc.assert(
    fc.property(peers, fc.nat(), (all, cut) => {
      const added = all.slice(0, cut % (all.length + 1)).sort(byHost);
      const dropped = all
        .slice(added.length)
        .map(({ host: name, port }) => ({ host: name, port }))
        .sort(byHost);
      const message = { added: all.slice(0, added.length), dropped: all.slice(added.length) };
      const read = decodePex(encodePex(message));
      assert.deepEqual([...read.added].sort(byHost), [...message.added].sort(byHost));
      assert.deepEqual([...read.dropped].sort(byHost), dropped);
    }),
  );
});

test('the bytes are those of BEP 11', () => {
  const bytes = encodePex({
    added: [
      { host: '192.0.2.1', port: 0x1ae1, flags: PEX_FLAGS.seed | PEX_FLAGS.outgoing },
      { host: '2001:db8::2', port: 1, flags: 0 },
      { host: 'a.name.example', port: 1, flags: 0 },
    ],
    dropped: [{ host: '192.0.2.3', port: 80 }],
  });
  const latin1 = Buffer.from(bytes).toString('latin1');
  const six = '\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\0\x01';
  assert.equal(
    latin1,
    `d5:added6:\xc0\0\x02\x01\x1a\xe17:added.f1:\x126:added618:${six}8:added6.f1:\x007:dropped6:\xc0\0\x02\x03\0\x50e`,
  );
});

test('flags may be missing or short; port 0, repetitions and cut entries are left out', () => {
  const entry = (last: number, port: number): number[] => [192, 0, 2, last, 0, port];
  const added = Uint8Array.from([...entry(1, 0), ...entry(2, 9), ...entry(2, 9), ...entry(3, 9), 192, 0]);
  const payload = encodeBencode({ added, 'added.f': Uint8Array.of(1, 2, 4), dropped: Uint8Array.from(entry(3, 9)) });
  assert.deepEqual(decodePex(payload), {
    added: [
      { host: '192.0.2.2', port: 9, flags: 2 },
      { host: '192.0.2.3', port: 9, flags: 0 },
    ],
    dropped: [],
  });
});

test('a flood is cut; any bytes are a message or a PeerError', () => {
  const many = new Uint8Array(6 * (PEX_ENTRIES_READ_MAX + 50));
  for (let at = 0; at < many.length; at += 6) many.set([10, 0, at >> 8, at & 255, 1, 1], at);
  assert.equal(decodePex(encodeBencode({ added: many })).added.length, PEX_ENTRIES_READ_MAX);
  const refused = (error: unknown): boolean => error instanceof PeerError && error.code === 'ERR_WIRE_EXTENDED';
  for (const payload of ['', 'le', 'd5:added', 'd1:ad1:ad1:ad1:ad1:ad1:ad1:ad1:ad1:ai1eeeeeeeeeee']) {
    assert.throws(() => decodePex(Buffer.from(payload)), refused);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (payload) => {
      try {
        decodePex(payload);
      } catch (error) {
        assert.ok(refused(error));
      }
    }),
  );
});

test('the bits of the flags are those of BEP 11', () => {
  assert.deepEqual(PEX_FLAGS, { encryption: 1, seed: 2, utp: 4, holepunch: 8, outgoing: 16 });
});
