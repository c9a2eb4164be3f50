import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1, toHex } from '../base/bytes.ts';
import { metainfoPorts } from './metainfo-ports.ts';

test('the hashes are SHA-1 and SHA-256', () => {
  assert.equal(toHex(metainfoPorts.sha1(fromLatin1('abc'))), 'a9993e364706816aba3e25717850c26c9cd0d89d');
  assert.match(toHex(metainfoPorts.sha256(fromLatin1('abc'))), /^ba7816bf8f01cfea.{48}$/);
});

test('encodings of old torrents are decoded; unknown labels and malformed bytes have no answer', () => {
  const decode = (bytes: number[], label: string): string | undefined =>
    metainfoPorts.decodeText?.(Uint8Array.from(bytes), label);
  assert.equal(decode([0xd6, 0xd0, 0xce, 0xc4], 'GBK'), '中文');
  assert.equal(decode([0x83, 0x65], 'shift_jis'), 'テ');
  assert.equal(decode([0xcf, 0xf0], 'windows-1251'), 'Пр');
  assert.equal(decode([0xff, 0xff], 'utf-8'), undefined);
  assert.equal(decode([0x61], 'no-such-encoding'), undefined);
});
