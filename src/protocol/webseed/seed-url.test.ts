// URLs of files and pieces, and which bytes of which files a stretch is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { eachFilePart } from './file-parts.ts';
import { fileUrl, movedBase, pieceUrl } from './seed-url.ts';

test('a file is below the folder that the URL names, each part of its path escaped', () => {
  assert.equal(fileUrl('http://x/y/', ['set', 'a b', 'ü#?%.bin'], false), 'http://x/y/set/a%20b/%C3%BC%23%3F%25.bin');
  assert.equal(fileUrl('http://x/y', ['set', 'a'], false), 'http://x/y/set/a');
  assert.equal(fileUrl('http://x/?key=1#top', ['set', 'a'], false), 'http://x/set/a?key=1');
});

test('the URL of a single file is its own, unless it ends like a folder', () => {
  assert.equal(fileUrl('http://x/file.iso?key=1', ['other name'], true), 'http://x/file.iso?key=1');
  assert.equal(fileUrl('http://x/y/', ['file.iso'], true), 'http://x/y/file.iso');
});

test('a script of BEP 17 is told hash, piece and range', () => {
  const hash = new Uint8Array(20).fill(0x41);
  assert.equal(
    pieceUrl('http://x/s', hash, 7, 0, 16384),
    `http://x/s?info_hash=${'A'.repeat(20)}&piece=7&ranges=0-16383`,
  );
  assert.match(pieceUrl('http://x/s?u=1', hash, 7, 5, 6), /\?u=1&info_hash=A+&piece=7&ranges=5-5$/);
});

test('a folder has moved when a file of it kept its path', () => {
  const path = ['set', 'a b'];
  assert.equal(movedBase('http://x/', path, 'http://y/z/set/a%20b'), 'http://y/z/');
  assert.equal(movedBase('http://x/', path, 'http://y/z/set/a%20b?token=1'), undefined);
  assert.equal(movedBase('http://x/', path, 'http://y/other'), undefined);
  assert.equal(movedBase('http://x/file', path, 'http://y/set/a%20b'), undefined);
});

test('a stretch is cut at the borders of files, and empty files have no part of it', () => {
  const lengths = [10, 0, 5, 0, 20];
  let offset = 0;
  const files = lengths.map((length) => {
    offset += length;
    return { offset: offset - length, length };
  });
  const parts = (from: number, length: number): number[][] => {
    const found: number[][] = [];
    eachFilePart(files, from, length, (...part) => found.push(part));
    return found;
  };
  assert.deepEqual(parts(0, 35), [
    [0, 0, 10],
    [2, 0, 5],
    [4, 0, 20],
  ]);
  assert.deepEqual(parts(9, 7), [
    [0, 9, 1],
    [2, 0, 5],
    [4, 0, 1],
  ]);
  assert.deepEqual(parts(10, 1), [[2, 0, 1]]);
  assert.deepEqual(parts(34, 1), [[4, 19, 1]]);
});
