// docs/errors.md lists every error code of the source, and none that is not there.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { repository } from '../support/repository.ts';

/** Codes of Node that the source looks for in what it catches. */
const NODE_CODES: ReadonlySet<string> = new Set(['ERR_BUFFER_TOO_LARGE']);

/** ERR_AREA_WHAT: the mere prefix of an area is no code. */
const QUOTED_CODE = /['"`](ERR_[A-Z0-9]+(?:_[A-Z0-9]+)+)['"`]/g;
const TABLE_ROW = /^\| `(ERR_[A-Z0-9_]+)` \| (.*) \| (.*) \|$/;

function codesOfSource(): Map<string, string> {
  const folder = path.join(repository, 'src');
  const found = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    // The simulated hosts and fake peers of src/testing are no part of what a user meets.
    if (!name.endsWith('.ts') || name.endsWith('.test.ts') || name.startsWith('testing')) continue;
    for (const [, code = ''] of readFileSync(path.join(folder, name), 'utf8').matchAll(QUOTED_CODE)) {
      if (!NODE_CODES.has(code)) found.set(code, `src/${name}`);
    }
  }
  return found;
}

interface Row {
  readonly code: string;
  readonly meaning: string;
  readonly remedy: string;
}

function rowsOfTable(): Row[] {
  const lines = readFileSync(path.join(repository, 'docs', 'errors.md'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const match = TABLE_ROW.exec(line);
    if (match === null) return [];
    const [, code = '', meaning = '', remedy = ''] = match;
    return [{ code, meaning, remedy }];
  });
}

test('every code of the source has a row in docs/errors.md', () => {
  const listed = new Set(rowsOfTable().map((row) => row.code));
  const missing = [...codesOfSource()].filter(([code]) => !listed.has(code));
  assert.deepEqual(missing, [], 'add a row for each of these');
});

test('docs/errors.md has no row for a code that is gone', () => {
  const codes = codesOfSource();
  const stale = rowsOfTable().filter((row) => !codes.has(row.code));
  assert.deepEqual(stale, [], 'remove these rows, or name the code as a whole in the source');
});

test('each row is the only one of its code, and says what the code means and what to do', () => {
  const rows = rowsOfTable();
  assert.ok(rows.length > 20);
  const codes = rows.map((row) => row.code);
  assert.deepEqual(
    codes.filter((code, index) => codes.indexOf(code) !== index),
    [],
  );
  for (const { code, meaning, remedy } of rows) {
    assert.match(meaning, /\S.*\.$/, code);
    assert.match(remedy, /\S.*\.$/, code);
  }
});
