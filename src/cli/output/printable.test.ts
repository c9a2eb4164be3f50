import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';

test('what a terminal would obey is replaced', () => {
  assert.equal(printable('a\u001b[2Jb'), 'a\ufffd[2Jb');
  assert.equal(printable('a\u009b2Jb\r\n\t'), 'a\ufffd2Jb\ufffd\ufffd\ufffd');
  assert.equal(printable('film\u202egpj.exe'), 'film\ufffdgpj.exe');
  assert.equal(printable('lone \ud800'), 'lone \ufffd');
});

test('names in any language stay as they are', () => {
  for (const name of ['Ümläut', '映画', 'café ☕', '👩‍👩‍👧', 'שלום', 'a/b c']) assert.equal(printable(name), name);
});
