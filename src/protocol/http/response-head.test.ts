// The heads of HTTP responses that a web seed may send, honest and not.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SourceError } from '../../base/errors.ts';
import { decodeResponseHead, headEnd } from './response-head.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const decode = (...lines: string[]) => decodeResponseHead(bytesOf(`${lines.join('\r\n')}\r\n\r\n`));

test('a partial answer is read', () => {
  const head = decode('HTTP/1.1 206 Partial Content', 'Content-Length: 100', 'CONTENT-RANGE:bytes 50-149/1000 ');
  assert.deepEqual(head, {
    status: 206,
    framing: 'length',
    bodyBytes: 100,
    keepAlive: true,
    range: { from: 50, to: 150, totalBytes: 1000 },
    location: undefined,
    retryAfter: undefined,
    encoding: 'identity',
  });
});

test('how a body ends follows the head', () => {
  assert.equal(decode('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked').framing, 'chunked');
  assert.equal(decode('HTTP/1.1 204 No Content', 'Content-Length: 5').framing, 'none');
  assert.equal(decode('HTTP/1.1 200').framing, 'until-close');
  assert.equal(decode('HTTP/1.1 200').keepAlive, false);
  assert.equal(decode('HTTP/1.0 200 OK', 'Content-Length: 1').keepAlive, false);
  assert.equal(decode('HTTP/1.0 200 OK', 'Content-Length: 1', 'Connection: keep-alive').keepAlive, true);
  assert.equal(decode('HTTP/1.1 200 OK', 'Content-Length: 1', 'Connection: close').keepAlive, false);
});

for (const [name, lines] of [
  ['two lengths', ['HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2']],
  ['a length and chunks', ['HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked']],
  ['another transfer coding', ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked']],
  ['a length that is no number', ['HTTP/1.1 200 OK', 'Content-Length: 1e3']],
  ['a negative length', ['HTTP/1.1 200 OK', 'Content-Length: -1']],
  ['a folded line', ['HTTP/1.1 200 OK', 'X: 1', ' more']],
  ['a space before the colon', ['HTTP/1.1 200 OK', 'Content-Length : 1']],
  ['another protocol', ['ICY 200 OK']],
  ['HTTP/2', ['HTTP/2.0 200 OK']],
  ['no status', ['HTTP/1.1 OK']],
  ['too many lines', ['HTTP/1.1 200 OK', ...new Array<string>(200).fill('X: 1')]],
] as const) {
  test(`a head with ${name} is refused`, () => {
    assert.throws(
      () => decode(...lines),
      (error) => error instanceof SourceError && error.code === 'ERR_HTTP_HEAD',
    );
  });
}

test('a range that makes no sense is none', () => {
  for (const range of ['bytes 5-4/10', 'bytes 0-10/10', 'bytes */10', 'items 0-1/2', 'bytes 0-9999999999999999/*']) {
    assert.equal(decode('HTTP/1.1 206 X', 'Content-Length: 1', `Content-Range: ${range}`).range, undefined, range);
  }
  assert.equal(decode('HTTP/1.1 206 X', 'Content-Range: bytes 0-4/*').range?.totalBytes, undefined);
});

test('a head ends behind its empty line', () => {
  assert.equal(headEnd(bytesOf('HTTP/1.1 200\r\n\r\nbody'), 0, 20), 16);
  assert.equal(headEnd(bytesOf('HTTP/1.1 200\r\n\r\n'), 0, 15), -1);
});
