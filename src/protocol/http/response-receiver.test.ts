// Responses of one connection taken apart, whole, byte by byte and split at random: the bodies and the order are the same.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { traceResponses } from '../../testing/webseed/response-rig.ts';
import { ResponseReceiver } from './response-receiver.ts';

const THREE =
  'HTTP/1.1 100 Continue\r\n\r\n' +
  'HTTP/1.1 206 Partial\r\nContent-Length: 10\r\n\r\n0123456789' +
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\n3\r\nefg\r\n0\r\nTrailer: 1\r\n\r\n' +
  'HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n' +
  'HTTP/1.1 200 OK\r\n\r\nuntil the end';
const TRACE = [
  'head 206',
  'body 0123456789',
  'ended',
  'head 200',
  'body abcdefg',
  'ended',
  'head 404',
  'ended',
  'head 200',
  'body until the end',
  'ended',
];

test('several responses are told apart, whatever the reads', () => {
  const random = new SeededRandom(1);
  assert.deepEqual(traceResponses(THREE, { readBytes: () => 1_000_000 }).trace, TRACE);
  assert.deepEqual(traceResponses(THREE, { readBytes: () => 1 }).trace, TRACE);
  for (let round = 0; round < 200; round++) {
    assert.deepEqual(traceResponses(THREE, { readBytes: () => 1 + Math.floor(random.next() * 40) }).trace, TRACE);
  }
});

test('a body goes where the sink says, and little of it is copied', () => {
  const body = 'x'.repeat(100_000);
  const { trace, copiedBytes } = traceResponses(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${body}`, {
    readBytes: () => 65_536,
  });
  assert.deepEqual(trace, ['head 200', `body ${body}`, 'ended']);
  assert.ok(copiedBytes < 512, `${copiedBytes} bytes were copied`);
});

test('without room for a body nothing more is read, and nothing is lost', () => {
  const random = new SeededRandom(2);
  for (let round = 0; round < 100; round++) {
    const readBytes = (): number => 1 + Math.floor(random.next() * 30);
    assert.deepEqual(traceResponses(THREE, { readBytes, hasRoom: () => random.next() < 0.5 }).trace, TRACE);
  }
});

test('several places filled by one read hold what one after the other would', () => {
  const random = new SeededRandom(3);
  for (let round = 0; round < 300; round++) {
    const readBytes = (): number => 1 + Math.floor(random.next() * 30);
    const placeBytes = (): number => 1 + Math.floor(random.next() * 6);
    const hasRoom = (): boolean => round % 2 === 0 || random.next() < 0.5;
    assert.deepEqual(traceResponses(THREE, { readBytes, placeBytes, hasRoom }).trace, TRACE);
  }
});

test('places of a body end where it ends, and there are none in a head or between chunks', () => {
  const text = 'HTTP/1.1 206 P\r\nContent-Length: 1000\r\n\r\n';
  const { trace, reads, copiedBytes } = traceResponses(`${text}${'x'.repeat(1000)}${text}${'y'.repeat(1000)}`, {
    readBytes: () => 512,
    placeBytes: () => 300,
  });
  assert.deepEqual(trace, [
    'head 206',
    `body ${'x'.repeat(1000)}`,
    'ended',
    'head 206',
    `body ${'y'.repeat(1000)}`,
    'ended',
  ]);
  assert.ok(copiedBytes < 1000, 'what comes with a head is copied, the rest is not');
  assert.ok(reads <= 8, `${reads} reads`);
});

test('a receiver that was stopped tells nothing more', () => {
  const told: string[] = [];
  const receiver = new ResponseReceiver({
    head: () => told.push('head'),
    room: () => undefined,
    rooms: () => undefined,
    filled: () => told.push('filled'),
    ended: () => told.push('ended'),
    failed: () => told.push('failed'),
  });
  receiver.stop();
  const destination = receiver.destination();
  const text = 'HTTP/1.1 200 OK\r\n\r\n';
  for (let at = 0; at < text.length; at++) destination[at] = text.charCodeAt(at);
  receiver.arrived(text.length);
  assert.equal(receiver.closed(), false);
  assert.deepEqual(told, []);
});

for (const [name, text, code] of [
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'ERR_HTTP_BODY'],
  ['a chunk that goes on', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n', 'ERR_HTTP_BODY'],
  ['a line without an end', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(600)}`, 'ERR_HTTP_BODY'],
  ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(20_000)}`, 'ERR_HTTP_HEAD'],
] as const) {
  test(`${name} ends it`, () => {
    assert.equal(traceResponses(text, { readBytes: () => 64 }).trace.at(-1), `failed ${code}`);
    assert.equal(traceResponses(text, { readBytes: () => 1 }).trace.at(-1), `failed ${code}`);
  });
}
