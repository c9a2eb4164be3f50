import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePieceLength } from './piece-length.ts';

test('a piece length is a power of two between 16 KiB and 64 MiB', () => {
  assert.equal(parsePieceLength('16KiB'), 16_384);
  assert.equal(parsePieceLength('1M'), 1_048_576);
  assert.equal(parsePieceLength('64MiB'), 67_108_864);
  for (const text of ['0', '8KiB', '128MiB', '1MB', '48KiB', '1.5M']) {
    assert.throws(() => parsePieceLength(text), { code: 'ERR_CLI_PIECE_LENGTH', message: /power of two/ }, text);
  }
  assert.throws(() => parsePieceLength('big'), { code: 'ERR_CLI_SIZE' });
});
