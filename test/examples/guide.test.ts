// docs/library.md is the examples and the types in words: neither may say what the other does not.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as library from '#src/client/index.ts';
import { STALL_CODES } from '#src/engine/torrent/stall.ts';
import { repository } from '../support/repository.ts';
import { readSource } from '../support/sources.ts';

const guide = readSource('docs/library.md').text;
const types = ['types', 'swarm-types', 'create-options']
  .map((name) => readSource(`src/client/${name}.ts`).text)
  .join('\n');

/** The section below a heading, up to the next heading. */
function section(heading: string): string {
  const [, text] = new RegExp(`^#+ \`${heading}\`\n([\\s\\S]*?)(?=^#|(?![\\s\\S]))`, 'm').exec(guide) ?? [];
  assert.ok(text !== undefined, `docs/library.md has no section \`${heading}\``);
  return text;
}

/** What the first column of the section's table names. */
function rows(heading: string): string[] {
  const cells = [...section(heading).matchAll(/^\| ([^|]*`[^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name = '']) => name)).sort();
}

/** The fields of an exported interface. */
function fields(name: string): string[] {
  const [, body] = new RegExp(`^export interface ${name} \\{\n([\\s\\S]*?)^\\}`, 'm').exec(types) ?? [];
  assert.ok(body !== undefined, `there is no interface ${name}`);
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, field = '']) => field).sort();
}

/** The public methods, getters and fields of a class. */
function members(...files: readonly string[]): string[] {
  const text = files.map((file) => readSource(file).text).join('');
  const found = text.matchAll(/^ {2}(?:get |async |readonly )*(\w+)(?:\(.*|: .*;)$/gm);
  return [...found].map(([, name = '']) => name).filter((name) => name !== 'constructor');
}

test('the guide shows every example as it is', () => {
  const shown = [...guide.matchAll(/^\[`(examples\/[\w-]+\.mjs)`\]\(\.\.\/\1\)\n\n```js\n([\s\S]*?)```$/gm)];
  for (const [, file = '', code = ''] of shown) assert.equal(code, readSource(file).text, `docs/library.md: ${file}`);
  const names = readdirSync(path.join(repository, 'examples')).map((name) => `examples/${name}`);
  assert.deepEqual(shown.map(([, file]) => file).sort(), names.sort());
});

for (const name of [
  'ClientOptions',
  'AddOptions',
  'TorrentEvents',
  'TorrentProgress',
  'TorrentFile',
  'PeerInfo',
  'DataPathStats',
  'CreateOptions',
]) {
  test(`the guide lists every field of ${name}, and no other`, () => assert.deepEqual(rows(name), fields(name)));
}

for (const [name, ...files] of [
  ['Client', 'src/client/client.ts'],
  ['Torrent', 'src/client/torrent.ts', 'src/client/torrent-content.ts', 'src/client/torrent-swarm.ts'],
] as const) {
  test(`the guide lists every public member of ${name}, and no other`, () => {
    const table = section(name);
    const missing = members(...files).filter((member) => !new RegExp(`\`${member}\\b`).test(table));
    assert.deepEqual(missing, []);
    const known = new Set([...members(...files), 'new', 'warning', 'event']);
    const first = [...table.matchAll(/^\| ([^|]*`[^|]*) \|/gm)].flatMap(([, cell = '']) => [
      ...cell.matchAll(/`(\w+)/g),
    ]);
    assert.deepEqual(
      first.map(([, member = '']) => member).filter((member) => !known.has(member)),
      [],
    );
  });
}

test('the guide has a row for every reason of a stall, and for no other', () => {
  const cells = [...section('StallReason').matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell);
  assert.deepEqual(cells.flatMap((cell) => cell.match(/[a-z-]+/g) ?? []).sort(), [...STALL_CODES].sort());
});

test('the guide names every state and everything that can be imported', () => {
  const [, states = ''] = /export type TorrentState = (.*);/.exec(types) ?? [];
  const names = [...states.matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name);
  assert.ok(names.length >= 7, `only ${names}`);
  for (const name of [...names, ...Object.keys(library)]) assert.ok(guide.includes(`\`${name}`), name);
});
