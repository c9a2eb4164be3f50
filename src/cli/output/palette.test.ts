import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paletteFor, showsUnicode } from './palette.ts';

test('colours are for terminals that want them', () => {
  assert.equal(paletteFor({ isTerminal: true, env: { TERM: 'xterm' } }).good('x'), '\u001b[32mx\u001b[39m');
  assert.equal(paletteFor({ isTerminal: true, env: { NO_COLOR: '' } }).good('x'), '\u001b[32mx\u001b[39m');
  assert.equal(paletteFor({ isTerminal: false, env: {} }).good('x'), 'x');
  assert.equal(paletteFor({ isTerminal: true, env: { NO_COLOR: '1' } }).good('x'), 'x');
  assert.equal(paletteFor({ isTerminal: true, env: { TERM: 'dumb' } }).good('x'), 'x');
});

test('box drawing needs a UTF-8 locale and a terminal with the glyphs', () => {
  assert.equal(showsUnicode({ LANG: 'en_GB.UTF-8' }), true);
  assert.equal(showsUnicode({ LANG: 'C.utf8' }), true);
  assert.equal(showsUnicode({ LANG: 'en_GB.UTF-8', LC_ALL: 'C' }), false);
  assert.equal(showsUnicode({ LANG: 'en_GB.UTF-8', TERM: 'linux' }), false);
  assert.equal(showsUnicode({}), false);
});
