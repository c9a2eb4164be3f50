import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TRACKER_PEERS_MAX, TRACKER_TEXT_BYTES_MAX } from '../limits.ts';
import type { AnnounceFields } from './announce.ts';
import { retransmitAfterMs } from './retransmission.ts';
import { decodeUdpReply, encodeAnnounce, encodeConnect, encodeScrape } from './udp-packets.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const transaction = { connectionId: bytesOf('0102030405060708'), transactionId: 0xdeadbeef };
const fields: AnnounceFields = {
  infoHash: new Uint8Array(20).fill(0xaa),
  peerId: new Uint8Array(20).fill(0xbb),
  port: 6881,
  uploaded: 3,
  downloaded: 2 ** 32 + 5,
  left: Number.MAX_SAFE_INTEGER,
  event: 'started',
  numWant: 50,
  key: 0xcafebabe,
};

test('requests are the bytes of the specification', () => {
  assert.equal(hex(encodeConnect(0xdeadbeef)), '000004172710198000000000deadbeef');
  assert.equal(
    hex(encodeAnnounce(transaction, fields, '')),
    `010203040506070800000001deadbeef${'aa'.repeat(20)}${'bb'.repeat(20)}` +
      '0000000100000005001fffffffffffff0000000000000003' +
      '0000000200000000cafebabe000000321ae1',
  );
  assert.equal(
    hex(encodeScrape(transaction, [fields.infoHash, fields.peerId])),
    `010203040506070800000002deadbeef${'aa'.repeat(20)}${'bb'.repeat(20)}`,
  );
});

test('each event has its number, and stopped asks for no peers', () => {
  const numbers = { none: 0, completed: 1, started: 2, stopped: 3 } as const;
  for (const event of ['none', 'completed', 'started', 'stopped'] as const) {
    const bytes = Buffer.from(encodeAnnounce(transaction, { ...fields, event }, ''));
    assert.equal(bytes.readUInt32BE(80), numbers[event]);
    assert.equal(bytes.readInt32BE(92), event === 'stopped' ? 0 : 50);
  }
});

test('the path of the URL follows in options of at most 255 bytes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1000 }), (length) => {
      const urlData = 'x'.repeat(length);
      const options = encodeAnnounce(transaction, fields, urlData).subarray(98);
      let text = '';
      let offset = 0;
      while (options[offset] === 2) {
        const partLength = options[offset + 1]!;
        text += Buffer.from(options.subarray(offset + 2, offset + 2 + partLength)).toString('latin1');
        offset += 2 + partLength;
      }
      assert.equal(text, urlData);
      assert.deepEqual([...options.subarray(offset)], length === 0 ? [] : [0]);
    }),
  );
});

test('replies become values', () => {
  const transactionId = 0xdeadbeef;
  assert.deepEqual(decodeUdpReply(bytesOf('00000000 deadbeef 0102030405060708'), 4), {
    type: 'connect',
    transactionId,
    connectionId: bytesOf('0102030405060708'),
  });
  const counts = '00000001 deadbeef 00000708 00000002 00000003';
  assert.deepEqual(decodeUdpReply(bytesOf(`${counts} 7f000001 1ae1`), 4), {
    type: 'announce',
    transactionId,
    reply: { intervalMs: 1_800_000, leeches: 2, seeds: 3, peers: [{ host: '127.0.0.1', port: 6881 }] },
  });
  assert.deepEqual(decodeUdpReply(bytesOf(`${counts} 00000000000000000000000000000001 1ae1`), 6), {
    type: 'announce',
    transactionId,
    reply: { intervalMs: 1_800_000, leeches: 2, seeds: 3, peers: [{ host: '::1', port: 6881 }] },
  });
  assert.deepEqual(decodeUdpReply(bytesOf('00000002 deadbeef 00000001 00000002 00000003'), 4), {
    type: 'scrape',
    transactionId,
    figures: [{ seeds: 1, downloads: 2, leeches: 3 }],
  });
  assert.deepEqual(decodeUdpReply(bytesOf(`00000003 deadbeef ${hex(Buffer.from('no such torrent'))}`), 4), {
    type: 'error',
    transactionId,
    message: 'no such torrent',
  });
});

test('what a tracker says is shown: it is cut, and cannot steer a terminal or forge a line of a log', () => {
  const text = `no\u001b[2J\r\nsuch ${'x'.repeat(TRACKER_TEXT_BYTES_MAX)}`;
  const reply = decodeUdpReply(bytesOf(`00000003 deadbeef ${hex(Buffer.from(text))}`), 4);
  assert.ok(reply?.type === 'error');
  assert.match(reply.message, /^no \[2J such x+$/);
  assert.ok(reply.message.length < TRACKER_TEXT_BYTES_MAX);
});

test('a connection id does not change when the packet buffer is used again', () => {
  for (const packet of [
    bytesOf('00000000 deadbeef 0102030405060708'),
    Buffer.from('00000000deadbeef0102030405060708', 'hex'),
  ]) {
    const reply = decodeUdpReply(packet, 4);
    packet.fill(0);
    assert.ok(reply?.type === 'connect');
    assert.equal(hex(reply.connectionId), '0102030405060708');
  }
});

test('cut-off and unknown packets are no answers', () => {
  for (const action of ['00000000', '00000002', '00000003']) {
    for (const length of [4, 5, 7]) {
      assert.equal(decodeUdpReply(bytesOf(`${action} deadbeef`).subarray(0, length), 4), undefined);
    }
  }
  assert.equal(decodeUdpReply(bytesOf('00000003 deadbeef'), 4)?.type, 'error', 'which says nothing more');
  assert.equal(decodeUdpReply(bytesOf('00000000 deadbeef 01020304050607'), 4), undefined);
  assert.equal(decodeUdpReply(bytesOf('00000001 deadbeef 00000708 00000002 000000'), 4), undefined);
  assert.equal(decodeUdpReply(bytesOf('00000004 deadbeef 00000000'), 4), undefined);
});

test('any bytes decode without an exception, to no more peers than the limit', () => {
  const packets = fc.tuple(
    fc.nat({ max: 4 }),
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(4 as const, 6 as const),
  );
  fc.assert(
    fc.property(packets, ([action, body, family]) => {
      decodeUdpReply(body, family);
      decodeUdpReply(Uint8Array.of(0, 0, 0, action, ...body), family);
    }),
    { numRuns: 2000 },
  );
  const flood = new Uint8Array(20 + 6 * (TRACKER_PEERS_MAX + 10)).fill(1);
  flood.set(bytesOf('00000001 deadbeef'));
  const reply = decodeUdpReply(flood, 4);
  assert.ok(reply?.type === 'announce');
  assert.equal(reply.reply.peers.length, TRACKER_PEERS_MAX);
  const swarms = (bytes: number): number => {
    const scraped = new Uint8Array(8 + bytes);
    scraped.set(bytesOf('00000002 deadbeef'));
    const heard = decodeUdpReply(scraped, 4);
    return heard?.type === 'scrape' ? heard.figures.length : -1;
  };
  assert.deepEqual([0, 11, 12, 35, 75 * 12].map(swarms), [0, 0, 1, 2, 74]);
});

test('packets are sent again after 15 s · 2ⁿ, n at most 8', () => {
  assert.deepEqual(
    [0, 1, 2, 8, 9].map((attempt) => retransmitAfterMs(attempt)),
    [15e3, 30e3, 60e3, 3840e3, 3840e3],
  );
});
