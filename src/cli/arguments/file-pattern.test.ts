import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filesMatching } from './file-pattern.ts';

const FILES = [
  'Show/Season 1/E01.mkv',
  'Show/Season 1/E01.srt',
  'Show/Season 2/E01 [x265].MKV',
  'Show/.pad/5',
  'Show/Extras/Season 1.txt',
  'Show/cover.jpg',
].map((path) => ({ path, pad: path.includes('.pad') }));

const indexes = (pattern: string) => filesMatching(pattern, FILES);

test('a pattern names files by the last part of their path, whatever the case', () => {
  assert.deepEqual(indexes('*.mkv'), [0, 2]);
  assert.deepEqual(indexes('e01.*'), [0, 1]);
  assert.deepEqual(indexes('COVER.jpg'), [5]);
  assert.deepEqual(indexes('E0?.srt'), [1]);
  assert.deepEqual(indexes('*'), [0, 1, 2, 4, 5]);
});

test('a folder stands for all that is in it, and a slash for parts of a path', () => {
  assert.deepEqual(indexes('Season 1'), [0, 1]);
  assert.deepEqual(indexes('Season 1/'), [0, 1]);
  assert.deepEqual(indexes('Season*'), [0, 1, 2, 4]);
  assert.deepEqual(indexes('Season ?/*.mkv'), [0, 2]);
  assert.deepEqual(indexes('Show/Season 1/E01.mkv'), [0]);
  assert.deepEqual(indexes('Show/*'), [0, 1, 2, 4, 5]);
});

test('brackets are part of names', () => {
  assert.deepEqual(indexes('*[x265]*'), [2]);
});

test('what names nothing is refused: nobody wants to download nothing', () => {
  for (const pattern of ['*.avi', 'Season', 'Show', 'Season 1/cover.jpg', '/', 'x'.repeat(5000)]) {
    assert.throws(() => indexes(pattern), { code: 'ERR_CLI_SELECT' }, pattern);
  }
  assert.deepEqual(filesMatching('*.mkv', [{ path: 'film.mkv', pad: false }]), [0], 'a file may be the torrent');
});

test('names in two forms of Unicode are the same', () => {
  assert.deepEqual(filesMatching('b\u00fccher', [{ path: 'x/bu\u0308cher/a', pad: false }]), [0]);
});

test('stars and question marks mean what a regular expression says they mean', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '*', '?', '.'), { minLength: 1, maxLength: 8 });
  const name = fc.array(fc.constantFrom('a', 'b', '.'), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(letters, name, (pattern, text) => {
      const meanings: Record<string, string> = { '*': '.*', '?': '.', '.': '\\.' };
      const source = pattern.map((letter) => meanings[letter] ?? letter).join('');
      const expected = new RegExp(`^${source}$`).test(text.join(''));
      const files = [{ path: text.join(''), pad: false }];
      if (expected) assert.deepEqual(filesMatching(pattern.join(''), files), [0]);
      else assert.throws(() => filesMatching(pattern.join(''), files), { code: 'ERR_CLI_SELECT' });
    }),
  );
});
