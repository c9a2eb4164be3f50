// Names of old torrents, in the encodings that their makers' computers used.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromLatin1 } from '../../base/bytes.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { NAME_BYTES_READ_MAX, TEXT_BYTES_READ_MAX } from '../limits.ts';
import type { MetainfoPorts } from './metainfo.ts';
import { NameReader } from './name-reader.ts';
import { decodeWindows1252 } from './windows-1252.ts';

const ports: MetainfoPorts = {
  sha1: (bytes) => bytes,
  sha256: (bytes) => bytes,
  decodeText(bytes, label) {
    try {
      return new TextDecoder(label, { fatal: true }).decode(bytes);
    } catch (error) {
      assert.ok(error instanceof TypeError || error instanceof RangeError);
      return undefined;
    }
  },
};

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

/** Reads all names of a torrent, which are detected together. */
function read(names: readonly Uint8Array[], declared?: string): string[] {
  const reader = new NameReader(ports, names, declared);
  return names.map((name) => reader.read(name));
}

test('a name that no file system takes is read no further than is worth it, and not in the middle of a character', () => {
  const reader = new NameReader(ports, [], undefined);
  const name = reader.readName(encodeUtf8(`x${'é'.repeat(1_000_000)}`));
  assert.equal(name, `x${'é'.repeat((NAME_BYTES_READ_MAX - 2) / 2)}`);
  assert.equal(
    reader.readName(hex('d6d0'), encodeUtf8('中'.repeat(100_000))).length,
    Math.floor(NAME_BYTES_READ_MAX / 3),
  );
  assert.equal(reader.read(new Uint8Array(1_000_000).fill(0x61)).length, TEXT_BYTES_READ_MAX);
});

test('UTF-8 wins over everything that is declared', () => {
  assert.deepEqual(read([encodeUtf8('Ünï 名 é')], 'shift_jis'), ['Ünï 名 é']);
});

test('the UTF-8 twin of a name wins over the name', () => {
  const reader = new NameReader(ports, [], undefined);
  assert.equal(reader.read(hex('d6d0'), encodeUtf8('中')), '中');
  assert.equal(reader.read(encodeUtf8('name'), hex('ff')), 'name', 'unless it is broken');
});

test('the declared encoding reads what is not UTF-8', () => {
  assert.deepEqual(read([hex('a4a4 a4e5')], 'big5'), ['中文']);
  assert.deepEqual(read([hex('c7d1 b1db')], 'euc-kr'), ['한글']);
});

test('a declared encoding that is unknown or does not fit leaves it to detection', () => {
  assert.deepEqual(read([fromLatin1('Caf\xe9.mp3')], 'no-such-encoding'), ['Café.mp3']);
  assert.deepEqual(read([fromLatin1('Caf\xe9.mp3')], 'UTF-8'), ['Café.mp3']);
});

test('western names are told by their lonely accents', () => {
  assert.deepEqual(read([fromLatin1('Bj\xf6rk - J\xf3ga.mp3')]), ['Björk - Jóga.mp3']);
  assert.deepEqual(read([fromLatin1('na\xefve caf\xe9x \x96 d\xe9j\xe0 vu')]), ['naïve caféx – déjà vu']);
});

test('Japanese names are read as shift_jis', () => {
  assert.deepEqual(read([hex('93fa 967b 8cea 2e747874')]), ['日本語.txt']);
  assert.deepEqual(read([hex('8365 8358 8367')]), ['テスト'], 'though its second bytes are ASCII letters');
});

test('Chinese names are read as gb18030', () => {
  assert.deepEqual(read([hex('d6d0 cec4 2e747874'), hex('b5e7 d3b0')]), ['中文.txt', '电影']);
});

test('Cyrillic names are read as windows-1251', () => {
  assert.deepEqual(read([hex('cff0 e8e2 e5f2 20 ece8 f0')]), ['Привет мир']);
});

test('all names of a torrent are read in the same encoding', () => {
  // Alone, the second name would pass for a western one.
  assert.deepEqual(read([hex('8365 8358 8367 93fa 967b'), hex('41 e9 78')])[0], 'テスト日本');
});

test('without a decoder western names are read still, others lose broken bytes, and nothing fails', () => {
  const { sha1, sha256 } = ports;
  const reader = (name: Uint8Array): string => new NameReader({ sha1, sha256 }, [name], 'gb18030').read(name);
  assert.equal(reader(fromLatin1('Caf\xe9 \x80')), 'Café €');
  assert.equal(reader(hex('61 9d')), 'a\ufffd', 'a byte that no encoding at hand explains');
});

test('windows-1252 agrees with the standard in every byte that means something', () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = decodeWindows1252(Uint8Array.of(byte));
    if (byte < 0x80 || byte >= 0xa0) assert.equal(text, String.fromCharCode(byte));
    else assert.equal(text === undefined, [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte));
  }
  assert.equal(decodeWindows1252(hex('80 82 8c 99 9f')), '€‚Œ™Ÿ');
});

test('any bytes are read as some text', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1 }), (names) => {
      for (const text of read(names)) assert.equal(typeof text, 'string');
    }),
  );
});
