// The examples in the documents are run as a reader would run them: as programs that import the package by its name.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { repository } from './support/repository.ts';
import { readSource } from './support/sources.ts';

const document = readSource('docs/library.md');
const examples = [...document.text.matchAll(/## (.+)\n(?:(?!## )[\s\S])*?```js run\n([\s\S]*?)```/g)];

test('the library has examples', () => {
  assert.ok(examples.length >= 3, `only ${examples.length} examples found`);
});

for (const [, title = '', code = ''] of examples) {
  test(`example: ${title}`, (context) => {
    // Inside of the repository, so that the package finds itself by its name; what it writes goes where tests clean up.
    const folder = path.join(repository, 'build', 'examples');
    mkdirSync(folder, { recursive: true });
    const scratch = mkdtempSync(path.join(tmpdir(), 'millrace-example-'));
    context.after(() => rmSync(scratch, { recursive: true, force: true }));
    const file = path.join(folder, `${title.toLowerCase().replace(/[^a-z]+/g, '-')}.mjs`);
    writeFileSync(file, code);
    const env = { ...process.env, TMPDIR: scratch, XDG_DATA_HOME: scratch, XDG_STATE_HOME: scratch };
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { env, encoding: 'utf8', timeout: 60_000 });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stdout, /^false$|\b(undefined|NaN)\b/m);
  });
}
