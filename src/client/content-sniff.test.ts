import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { looksLike } from './content-sniff.ts';

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

test('what could be a torrent file is left to its parser', () => {
  assert.equal(looksLike(text('d8:announce3:abce')), undefined);
  assert.equal(looksLike(text('de')), undefined);
});

test('the usual mistakes are recognised', () => {
  assert.equal(looksLike(new Uint8Array(0)), 'an empty file');
  assert.equal(looksLike(text('\n  <!DOCTYPE HTML><html>')), 'an HTML page');
  assert.equal(looksLike(text('\ufeff<html>')), 'an HTML page');
  assert.equal(looksLike(text('magnet:?xt=urn:btih:00')), 'a magnet link saved as text');
  assert.equal(looksLike(text('{"error":"login"}')), 'a JSON document');
  assert.equal(looksLike(text('https://example.org/x.torrent')), 'a web address saved as text');
  assert.equal(looksLike(new Uint8Array(gzipSync('x'))), 'a gzip archive');
  assert.equal(looksLike(text('PK\u0003\u0004')), 'a ZIP archive');
  assert.equal(looksLike(text('do not enter')), 'plain text');
  assert.equal(looksLike(Uint8Array.of(0, 1, 2, 255)), 'something else');
});
