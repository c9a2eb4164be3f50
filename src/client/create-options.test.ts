import assert from 'node:assert/strict';
import test from 'node:test';
import { InputError } from '../base/errors.ts';
import { type CreateOptions, checkCreateOptions, choosePieceBytes } from './create-options.ts';

function refused(options: CreateOptions, code: string): void {
  const isIt = (error: unknown): boolean => error instanceof InputError && error.code === code;
  assert.throws(() => checkCreateOptions(options), isIt, JSON.stringify(options));
}

test('piece lengths are powers of two of at least a block', () => {
  for (const pieceBytes of [16_384, 2 ** 20, 2 ** 29]) checkCreateOptions({ pieceBytes });
  for (const pieceBytes of [0, -1, 8192, 16_385, 3 * 16_384, 2 ** 30, 2 ** 20 + 0.5, Number.NaN]) {
    refused({ pieceBytes }, 'ERR_CREATE_PIECE_LENGTH');
  }
});

test('trackers and web seeds are addresses that clients understand', () => {
  checkCreateOptions({
    tiers: [
      ['http://a/announce', 'https://a/announce'],
      ['udp://b:80/announce', 'wss://c'],
    ],
    webSeeds: ['https://a/files/'],
  });
  for (const url of ['', 'tracker', 'ftp://a', 'a:80/announce']) refused({ tiers: [[url]] }, 'ERR_CREATE_URL');
  for (const url of ['udp://a:80', '/srv/files']) refused({ webSeeds: [url] }, 'ERR_CREATE_URL');
});

test('a name is a name and not a path', () => {
  checkCreateOptions({ name: 'a name, with 1 ünlaut' });
  for (const name of ['', '.', '..', 'a/b', 'a\\b', 'a\0', 'ü'.repeat(128)]) refused({ name }, 'ERR_CREATE_NAME');
});

test('a piece length that makes too many pieces is refused', () => {
  assert.equal(choosePieceBytes(16_384, 2 ** 30), 16_384);
  assert.throws(() => choosePieceBytes(16_384, 2 ** 45), { code: 'ERR_CREATE_PIECE_LENGTH' });
  assert.equal(choosePieceBytes(undefined, 2 ** 44), 2 ** 24);
});
