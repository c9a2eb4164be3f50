// Names from strangers: whatever they are, what comes out is a plain relative path, and never the same twice.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { FOLDERS_MAX } from '../limits.ts';
import type { NameRules } from './metainfo.ts';
import { joinParts, safeName, safeParts } from './safe-path.ts';
import { UniquePaths } from './unique-paths.ts';

function claimAll(paths: readonly string[], rules: NameRules = 'portable'): string[] {
  const unique = new UniquePaths(rules);
  const parts = paths.map((text) => ['t', ...safeParts(text.split('/'), rules)]);
  for (const part of parts) unique.addFolders(part);
  return parts.map((part) => unique.claim(part).slice(2));
}

test('traversal, absolute paths and drive letters cannot leave the folder', () => {
  for (const rules of ['portable', 'posix'] as const) {
    assert.deepEqual(safeParts(['..', '.', '', 'a'], rules), ['a']);
    assert.deepEqual(safeParts(['..', '..'], rules), ['_']);
    assert.deepEqual(safeParts([], rules), ['_']);
    assert.equal(safeName('/etc/passwd', rules), 'etcpasswd');
    assert.equal(safeName('..\\..\\boot.ini', rules), '....boot.ini');
    assert.equal(safeName('./.', rules), '');
    assert.equal(safeName('C:', rules), 'C_');
    assert.equal(safeName('c:secret', rules), 'c_secret');
    assert.equal(safeName('.\u200e.', rules), '');
  }
});

test('control characters and marks that hide or reverse text do not survive', () => {
  assert.equal(safeName('a\0b\u001b[31m\u0085\u2028', 'posix'), 'a_b_[31m__');
  assert.equal(safeName('invoice\u202egnp.exe', 'posix'), 'invoicegnp.exe');
  assert.equal(safeName('a\u2066b\u200bc\ufeff', 'posix'), 'abc');
  assert.equal(safeName('a\ud800b', 'posix'), 'a\ufffdb');
});

test('portable names are fit for Windows; posix names keep what only Windows refuses', () => {
  const cases: [name: string, portable: string][] = [
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['Com1', '_Com1'],
    ['LPT³.log', '_LPT³.log'],
    ['aux .txt', '_aux .txt'],
    ['who? what: "that" <*>|', 'who_ what_ _that_ ____'],
    ['R.E.M.', 'R.E.M'],
    ['name . .', 'name'],
    ['...', ''],
  ];
  for (const [name, portable] of cases) {
    assert.equal(safeName(name, 'portable'), portable);
    assert.equal(safeName(name, 'posix'), name);
  }
  for (const plain of ['console', 'com10', 'nulls.txt', 'a.con', '.hidden', 'ünï', '名前', '_']) {
    assert.equal(safeName(plain, 'portable'), plain);
  }
});

test('over-long names keep their extension and whole characters', () => {
  assert.equal(safeName(`${'a'.repeat(300)}.flac`, 'portable'), `${'a'.repeat(250)}.flac`);
  assert.equal(safeName(`${'é'.repeat(200)}.mp3`, 'portable'), `${'é'.repeat(125)}.mp3`);
  assert.equal(safeName('😀'.repeat(100), 'portable'), '😀'.repeat(63));
  assert.equal(safeName(`a.${'b'.repeat(300)}`, 'portable'), `a.${'b'.repeat(253)}`);
  // The cut may uncover a device's name.
  assert.equal(safeName(`CON${' '.repeat(300)}x`, 'portable'), '_CON');
});

test('a path that no file system takes is refused', () => {
  assert.throws(() => joinParts(new Array<string>(20).fill('x'.repeat(200))), { code: 'ERR_METAINFO_PATH' });
});

test('files that some file system takes for one get names of their own', () => {
  assert.deepEqual(claimAll(['a.txt', 'A.TXT', 'a.txt']), ['a.txt', 'A.1.TXT', 'a.2.txt']);
  assert.deepEqual(claimAll(['\u00e9', 'e\u0301']), ['\u00e9', 'e\u0301.1']);
  // `.claim` lacks what `safeParts` removes, so ask it directly: HFS+ takes both for one.
  const unique = new UniquePaths('posix');
  assert.deepEqual([unique.claim(['t', 'ab']), unique.claim(['t', 'a\u200db'])], ['t/ab', 't/ab.1']);
  assert.deepEqual(claimAll(['straße', 'STRASSE']), ['straße', 'STRASSE.1']);
  assert.deepEqual(claimAll(['a', 'a.', 'a '], 'posix'), ['a', 'a.1.', 'a .2']);
  assert.deepEqual(claimAll(['a.1', 'a', 'a']), ['a.1', 'a', 'a.2']);
  assert.deepEqual(claimAll(['x'.repeat(255), 'x'.repeat(255)]), ['x'.repeat(255), `${'x'.repeat(253)}.1`]);
});

test('a file in the way of a folder is renamed, whichever comes first', () => {
  assert.deepEqual(claimAll(['a/b', 'a']), ['a/b', 'a.1']);
  assert.deepEqual(claimAll(['a', 'A/b/c', 'a/B']), ['a.1', 'A/b/c', 'a/B.1']);
});

test('a torrent with too many equal names is refused', () => {
  assert.equal(new Set(claimAll(new Array<string>(101).fill('same'))).size, 101);
  assert.throws(() => claimAll(new Array<string>(102).fill('same')), {
    code: 'ERR_METAINFO_COLLISIONS',
  });
});

test('folders are counted: each costs a hundred times the bytes that name it', () => {
  const unique = new UniquePaths('posix');
  for (let i = 0; i < FOLDERS_MAX / 2; i++) unique.addFolders([String(i), 'a', 'file']);
  unique.addFolders(['0', 'a', 'another']);
  assert.throws(() => unique.addFolders(['x', 'file']), { code: 'ERR_METAINFO_TOO_LARGE' });
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc
    .array(
      fc.constantFrom('.', '..', '/', '\\', ' ', 'CON', 'com1', ':', 'C:', '\0', '\u202e', 'é', 'e\u0301', 'A', 'a'),
      { maxLength: 5 },
    )
    .map((pieces) => pieces.join('')),
  fc.tuple(fc.constantFrom('x', 'é', 'CON ', '. '), fc.nat(400)).map(([unit, times]) => unit.repeat(times)),
);

test('no list of paths leaves the folder or meets on one path', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(nasty, { maxLength: 4 }), { maxLength: 12 }),
      fc.constantFrom<NameRules>('portable', 'posix'),
      (paths, rules) => {
        const unique = new UniquePaths(rules);
        const parts = paths.map((names) => ['top', ...safeParts(names, rules)]);
        for (const part of parts) unique.addFolders(part);
        let claimed: string[];
        try {
          claimed = parts.map((part) => unique.claim(part));
        } catch (error) {
          assert.ok(error instanceof InputError);
          return;
        }
        for (const relative of claimed) checkPath(relative, rules);
        const keys = claimed.map((relative) => relative.normalize('NFC').toLowerCase());
        assert.equal(new Set(keys).size, keys.length);
        for (const a of keys) for (const b of keys) assert.ok(!b.startsWith(`${a}/`), `${a} is file and folder`);
      },
    ),
    { numRuns: 500 },
  );
});

function checkPath(relative: string, rules: NameRules): void {
  for (const library of [path.posix, path.win32]) {
    const base = library === path.posix ? '/base' : 'D:\\base';
    const resolved = library.resolve(base, relative);
    assert.ok(resolved.startsWith(`${base}${library.sep}top${library.sep}`), relative);
  }
  for (const part of relative.split('/')) {
    assert.ok(encodeUtf8(part).length <= 255, relative);
    assert.match(part, /^[^/\\\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]+$/u);
    assert.equal(safeName(part, rules), part, 'what is safe stays as it is');
  }
}

test('names are safe at the first pass', () => {
  fc.assert(
    fc.property(nasty, fc.constantFrom<NameRules>('portable', 'posix'), (name, rules) => {
      const safe = safeName(name, rules);
      if (safe !== '') checkPath(`top/${safe}`, rules);
    }),
    { numRuns: 2000 },
  );
});

test('the work grows with the input, not with its square', () => {
  const dots = `${'.'.repeat(1_000_000)}x`;
  assert.equal(safeName(dots, 'portable'), '.x');
  assert.throws(() => claimAll([new Array<string>(200_000).fill('a').join('/')]), { code: 'ERR_METAINFO_PATH' });
  const many = Array.from({ length: 50_000 }, (_, i) => `f${i % 1000}`);
  assert.equal(new Set(claimAll(many)).size, 50_000);
});
