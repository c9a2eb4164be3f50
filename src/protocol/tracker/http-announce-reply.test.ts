import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SourceError } from '../../base/errors.ts';
import { type BencodeInput, encodeBencode } from '../bencode/bencode-encoder.ts';
import { TRACKER_ID_BYTES_MAX, TRACKER_PEERS_MAX, TRACKER_TEXT_BYTES_MAX } from '../limits.ts';
import { decodeHttpAnnounceReply } from './http-announce-reply.ts';
import { TrackerFailure } from './tracker-failure.ts';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const reply = (fields: Record<string, BencodeInput>): ReturnType<typeof decodeHttpAnnounceReply> =>
  decodeHttpAnnounceReply(encodeBencode(fields));

function failureOf(fields: Record<string, BencodeInput>): TrackerFailure {
  try {
    reply(fields);
  } catch (error) {
    assert.ok(error instanceof TrackerFailure);
    return error;
  }
  return assert.fail('the reply was no failure');
}

test('a full reply is read', () => {
  assert.deepEqual(
    reply({
      interval: 1800,
      'min interval': 60,
      'tracker id': 'abc',
      complete: 5,
      incomplete: 7,
      'warning message': 'slow \u001b[31mdown',
      'external ip': bytesOf('c0000201'),
      peers: bytesOf('7f0000011ae1'),
      peers6: bytesOf('000000000000000000000000000000010050'),
    }),
    {
      intervalMs: 1_800_000,
      minIntervalMs: 60_000,
      trackerId: new Uint8Array(Buffer.from('abc')),
      seeds: 5,
      leeches: 7,
      warning: 'slow  [31mdown',
      externalIp: '192.0.2.1',
      peers: [
        { host: '127.0.0.1', port: 6881 },
        { host: '::1', port: 80 },
      ],
    },
  );
});

test('an almost empty reply is a reply: no peers, the usual interval', () => {
  const { peers, intervalMs, minIntervalMs, seeds } = reply({});
  assert.deepEqual(
    { peers, intervalMs, minIntervalMs, seeds },
    {
      peers: [],
      intervalMs: 1_800_000,
      minIntervalMs: undefined,
      seeds: undefined,
    },
  );
});

test('dictionary peers are read, and those that make no sense left out', () => {
  const { peers } = reply({
    peers: [
      { ip: '192.0.2.1', port: 1, 'peer id': 'x'.repeat(20) },
      { ip: '2001:db8::1', port: 2 },
      { ip: 'peer.example', port: 65535 },
      { ip: '192.0.2.1', port: 0 },
      { ip: '192.0.2.1', port: 65536 },
      { ip: '192.0.2.1' },
      { port: 5 },
      { ip: 'http://evil/', port: 5 },
      { ip: 'x'.repeat(300), port: 5 },
      'nonsense',
    ],
  });
  assert.deepEqual(peers, [
    { host: '192.0.2.1', port: 1 },
    { host: '2001:db8::1', port: 2 },
    { host: 'peer.example', port: 65535 },
  ]);
});

test('a refusal carries its reason and when to come back', () => {
  const failure = failureOf({ 'failure reason': 'not registered', 'retry in': 5, peers: '' });
  assert.equal(failure.code, 'ERR_TRACKER_FAILURE');
  assert.match(failure.message, /not registered/);
  assert.equal(failure.retryInMs, 300_000);
  assert.equal(failureOf({ 'failure reason': 'gone', 'retry in': 'never' }).retryInMs, Number.POSITIVE_INFINITY);
  assert.equal(failureOf({ 'failure reason': '', 'retry in': 0 }).retryInMs, 0);
  for (const retry of [-1, 'soon']) {
    assert.equal(failureOf({ 'failure reason': '', 'retry in': retry }).retryInMs, undefined);
  }
  assert.equal(failureOf({ 'failure reason': 'x' }).retryInMs, undefined);
});

test('what is no reply is told with its beginning', () => {
  const isReplyError = (error: unknown): boolean => error instanceof SourceError && error.code === 'ERR_TRACKER_REPLY';
  assert.throws(
    () => decodeHttpAnnounceReply(Buffer.from('<html>Not found</html>')),
    (error) => {
      assert.ok(isReplyError(error));
      assert.match(String(error), /<html>Not found/);
      return true;
    },
  );
  for (const body of ['', 'i5e', 'l', 'd8:interval']) {
    assert.throws(() => decodeHttpAnnounceReply(Buffer.from(body)), isReplyError);
  }
});

test('intervals are what the tracker says, were it nothing, and peers of both families are told', () => {
  const { intervalMs, minIntervalMs } = reply({ interval: 900, 'min interval': 0 });
  assert.deepEqual([intervalMs, minIntervalMs], [900_000, 0]);
  const { peers } = reply({ peers: bytesOf('7f0000011ae1'), peers6: bytesOf('20010db80000000000000000000000011ae1') });
  assert.deepEqual(peers, [
    { host: '127.0.0.1', port: 6881 },
    { host: '2001:db8::1', port: 6881 },
  ]);
});

test('fields of the wrong type or sign count as missing', () => {
  const wrong = reply({
    interval: -5,
    'min interval': 'x',
    complete: -1,
    incomplete: [],
    peers: 7,
    peers6: {},
    'tracker id': 5,
  });
  assert.deepEqual(wrong, { ...reply({}) });
});

test('a tracker id does not keep the whole reply alive', () => {
  const body = Buffer.from(encodeBencode({ 'tracker id': 'abc' }));
  const { trackerId } = decodeHttpAnnounceReply(body);
  body.fill(0);
  assert.deepEqual(trackerId, new Uint8Array(Buffer.from('abc')));
});

test('floods are cut', () => {
  const big = reply({
    peers: new Uint8Array(6 * (TRACKER_PEERS_MAX + 5)).fill(1),
    peers6: new Uint8Array(18 * 5).fill(1),
    'tracker id': 'x'.repeat(TRACKER_ID_BYTES_MAX + 1),
    'warning message': 'x'.repeat(TRACKER_TEXT_BYTES_MAX + 1),
  });
  assert.equal(big.peers.length, TRACKER_PEERS_MAX);
  assert.equal(big.trackerId, undefined);
  assert.equal(big.warning?.length, TRACKER_TEXT_BYTES_MAX);
  const many = new Array(TRACKER_PEERS_MAX + 5).fill({ ip: '192.0.2.1', port: 1 });
  assert.equal(reply({ peers: many }).peers.length, TRACKER_PEERS_MAX);
});

test('any bytes are a reply or a SourceError', () => {
  const good = encodeBencode({ interval: 1800, peers: bytesOf('7f0000011ae1'), 'tracker id': 'a', complete: 1 });
  const mutated = fc
    .array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bytes = good.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      try {
        decodeHttpAnnounceReply(bytes);
      } catch (error) {
        assert.ok(error instanceof SourceError);
      }
    }),
    { numRuns: 2000 },
  );
});
