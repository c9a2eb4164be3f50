// Torrent files that we make: they say what they were told, in the same bytes each time.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeMetainfo, type NewMetainfo } from './encode-metainfo.ts';
import type { MetainfoPorts } from './metainfo.ts';
import { parseMetainfo } from './parse-metainfo.ts';

const ports: MetainfoPorts = {
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
};

const words = fc.string({ unit: fc.constantFrom(...'abcdefghijé名'), minLength: 1, maxLength: 8 });
const newTorrents: fc.Arbitrary<NewMetainfo> = fc
  .record(
    {
      name: words,
      content: fc.oneof(
        fc.integer({ min: 1, max: 1e6 }),
        fc.uniqueArray(
          fc.record(
            { path: fc.array(words, { minLength: 1, maxLength: 3 }), length: fc.integer({ min: 1, max: 1e5 }) },
            { noNullPrototype: true },
          ),
          // One length of path, and no two equal: nothing has to be renamed.
          { minLength: 1, maxLength: 5, selector: (file) => file.path[0] },
        ),
      ),
      pieceBytes: fc.integer({ min: 16384, max: 65536 }),
      pieceHashes: fc.constant(new Uint8Array(0)),
      private: fc.boolean(),
      source: words,
      tiers: fc.uniqueArray(fc.webUrl(), { minLength: 1, maxLength: 4 }).map((urls) => urls.map((url) => [url])),
      webSeeds: fc.uniqueArray(fc.webUrl(), { minLength: 1, maxLength: 3 }),
      comment: words,
      createdBy: words,
      creationDateSeconds: fc.nat(),
    },
    { requiredKeys: ['name', 'content', 'pieceBytes', 'pieceHashes'], noNullPrototype: true },
  )
  .map((torrent) => {
    const { content } = torrent;
    const total = typeof content === 'number' ? content : content.reduce((sum, file) => sum + file.length, 0);
    return { ...torrent, pieceHashes: new Uint8Array(Math.ceil(total / torrent.pieceBytes) * 20).fill(3) };
  });

test('a torrent file that we write says what we were told', () => {
  fc.assert(
    fc.property(newTorrents, (made) => {
      const read = parseMetainfo(encodeMetainfo(made), ports);
      const contents = typeof made.content === 'number' ? [{ path: [], length: made.content }] : made.content;
      assert.deepEqual(
        read.files.map((file) => [file.path, file.length]),
        contents.map((file) => [[made.name, ...file.path].join('/'), file.length]),
      );
      assert.equal(read.pieceBytes, made.pieceBytes);
      assert.deepEqual(read.pieceHashes, made.pieceHashes);
      assert.equal(read.private, made.private ?? false);
      assert.deepEqual(read.tiers, made.tiers ?? []);
      assert.deepEqual(read.webSeeds, made.webSeeds ?? []);
      assert.equal(read.source, made.source);
      assert.equal(read.comment, made.comment);
      assert.equal(read.createdBy, made.createdBy);
      assert.equal(read.creationDateSeconds, made.creationDateSeconds);
    }),
  );
});

test('the same torrent is the same bytes, attributes of files included', () => {
  const made: NewMetainfo = {
    name: 'n',
    content: [{ path: ['a'], length: 5, attributes: 'x' }],
    pieceBytes: 16384,
    pieceHashes: new Uint8Array(20).fill(0x68),
    tiers: [['http://a/'], []],
    private: true,
  };
  const expected =
    'd8:announce9:http://a/4:infod5:filesld4:attr1:x6:lengthi5e4:pathl1:aeee4:name1:n12:piece lengthi16384e' +
    `6:pieces20:${'h'.repeat(20)}7:privatei1eee`;
  assert.equal(String.fromCharCode(...encodeMetainfo(made)), expected);
  assert.throws(() => encodeMetainfo({ ...made, pieceHashes: new Uint8Array(40) }), /assertion/);
});
