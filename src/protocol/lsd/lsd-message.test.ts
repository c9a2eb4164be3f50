// Messages of local service discovery, ours and those of others.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { LSD_HASHES_READ_MAX } from '../limits.ts';
import { decodeLsd, encodeLsd } from './lsd-message.ts';

const HASH = new Uint8Array(20).fill(0xab);

test('a message looks as BEP 14 has it', () => {
  assert.equal(
    toLatin1(encodeLsd({ port: 6881, infoHashes: [HASH], cookie: 'c0ffee' }, 4)),
    `BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: ${'AB'.repeat(20)}\r\ncookie: c0ffee\r\n\r\n\r\n`,
  );
  assert.match(
    toLatin1(encodeLsd({ port: 1, infoHashes: [HASH], cookie: undefined }, 6)),
    /Host: \[ff15::efc0:988f\]:6771/,
  );
});

test('what is written is read', () => {
  const message = fc.record({
    port: fc.integer({ min: 1, max: 65_535 }),
    infoHashes: fc.array(fc.uint8Array({ minLength: 20, maxLength: 20 }), { minLength: 1, maxLength: 20 }),
    cookie: fc.option(fc.stringMatching(/^[0-9a-z]{1,16}$/), { nil: undefined }),
  });
  fc.assert(
    fc.property(message, fc.constantFrom(4 as const, 6 as const), (written, family) => {
      assert.deepEqual(decodeLsd(encodeLsd(written, family)), { ...written });
    }),
  );
});

test('what others write is read: other letter case, other ends of lines, other headers', () => {
  const text = `BT-SEARCH * HTTP/1.1\nhost: 239.192.152.143:6771\nPORT:5000\nX-Other: 1\nInfohash: ${'ab'.repeat(20)}\n\n`;
  assert.deepEqual(decodeLsd(fromLatin1(text)), { port: 5000, infoHashes: [HASH], cookie: undefined });
});

for (const [name, text] of [
  ['another protocol', `M-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: ${'ab'.repeat(20)}\r\n\r\n`],
  ['no port', `BT-SEARCH * HTTP/1.1\r\nInfohash: ${'ab'.repeat(20)}\r\n\r\n`],
  ['port 0', `BT-SEARCH * HTTP/1.1\r\nPort: 0\r\nInfohash: ${'ab'.repeat(20)}\r\n\r\n`],
  ['a port that is none', `BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\nInfohash: ${'ab'.repeat(20)}\r\n\r\n`],
  ['no info hash', 'BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n\r\n'],
  ['a short info hash', 'BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: abab\r\n\r\n'],
] as const) {
  test(`a message with ${name} is none`, () => assert.equal(decodeLsd(fromLatin1(text)), undefined));
}

test('only so many torrents of one message count, and long messages are not read', () => {
  const infoHashes = new Array<Uint8Array>(LSD_HASHES_READ_MAX + 5).fill(HASH);
  const cut = decodeLsd(encodeLsd({ port: 1, infoHashes, cookie: undefined }, 4));
  assert.ok(cut === undefined || cut.infoHashes.length === LSD_HASHES_READ_MAX);
  assert.equal(decodeLsd(fromLatin1(`BT-SEARCH * HTTP/1.1\r\n${'x'.repeat(70_000)}`)), undefined);
});
