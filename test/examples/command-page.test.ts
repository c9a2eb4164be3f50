// docs/cli.md against the program: the options that --help names, and the fields that --json writes.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { eventsOf, runMillrace } from '../cli/run-millrace.ts';
import { within } from '../support/deadline.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { readSource } from '../support/sources.ts';
import { Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 30_000;
const page = readSource('docs/cli.md').text;

/** The section below a heading, up to the next heading of any rank. */
function section(heading: string): string {
  const at = page.indexOf(`${heading}\n`);
  assert.ok(at >= 0, `docs/cli.md has no section ${heading}`);
  const text = page.slice(at + heading.length);
  const end = text.search(/^#/m);
  return end < 0 ? text : text.slice(0, end);
}

/** The code spans in the first column of a section's table. */
function named(heading: string): string[] {
  return [...section(heading).matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span),
  );
}

/** The commands that `millrace --help` lists. */
async function commands(): Promise<string[]> {
  const { stdout } = await runMillrace(['--help']);
  const [, list = ''] = /^Commands:\n([\s\S]*?)\n\n/m.exec(stdout) ?? [];
  return [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}

test('every command has its section and its line, and there is no other', async () => {
  const names = (await commands()).sort();
  assert.deepEqual([...page.matchAll(/^## `(\w+)`$/gm)].map(([, name]) => name).sort(), names);
  assert.deepEqual(
    [...page.matchAll(/^millrace (\w+) (?:SOURCE|PATH|SHELL|\[)/gm)].map(([, name]) => name).sort(),
    names,
  );
  for (const name of names) assert.match(section(`## \`${name}\``), new RegExp(`\`\`\`sh\nmillrace ${name}\\b`), name);
});

test('the page names each option that a command has, and no other', async () => {
  for (const name of await commands()) {
    const { stdout } = await runMillrace(['help', name]);
    const [, list = ''] = /^Options:\n([\s\S]*)/m.exec(stdout) ?? [];
    const helped = [...list.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long = '']) => [short, long]);
    const expected = helped.filter((flag) => flag !== undefined && flag !== '-h' && flag !== '--help');
    const written = named(`## \`${name}\``).map((span) => span.split(' ')[0]);
    assert.deepEqual(written.sort(), expected.sort(), name);
  }
});

test('the examples use options that exist', () => {
  const lines = [...page.matchAll(/^millrace (\w+) (.*)$/gm)].filter(([line]) => !/\[options\]/.test(line));
  assert.ok(lines.length >= 6);
  for (const [line, command = '', rest = ''] of lines) {
    const known = named(`## \`${command}\``).map((span) => span.split(' ')[0]);
    for (const [, flag] of rest.matchAll(/(?<=[ [])(--?[a-z][\w-]*)/g)) assert.ok(known.includes(flag), line);
  }
});

/** The fields of a `done` against its table. `absent` names what this run has no reason to write. */
function assertFields(
  command: string,
  done: Record<string, unknown> | undefined,
  absent: readonly string[] = [],
): void {
  assert.equal(done?.['event'], 'done', JSON.stringify(done));
  const { event, ...fields } = done;
  const expected = named(`### \`${event}\` of \`${command}\``).filter((field) => !absent.includes(field));
  assert.deepEqual(Object.keys(fields).sort(), expected.sort(), command);
}

test('--json writes the fields that the page lists', async (t) => {
  const workspace = await Workspace.open(t);
  process.env['MILLRACE_DATA_DIR'] = await workspace.folder('data');
  await writeFile(path.join(workspace.path, 'data.bin'), new Uint8Array(100_000).fill(7));
  const run = (...args: string[]) => runMillrace([...args, '--json'], workspace.path).then(eventsOf);

  assertFields('create', (await run('create', 'data.bin', '--comment', 'x')).at(-1));
  assertFields('info', (await run('info', 'data.bin.torrent', '-o', 'again.torrent', '--scrape')).at(-1), [
    'infoHashV2',
  ]);
  const verified = await run('verify', 'data.bin.torrent', '-d', '.');
  assertFields('verify', verified.at(-1));
  const work = verified.find(({ event }) => event === 'progress');
  assert.deepEqual(Object.keys(work!), ['event', 'state', 'bytesDone', 'bytesWanted', 'bytesPerSecond']);

  const local = ['data.bin.torrent', '--listen', '127.0.0.1:0'];
  const got = await run('get', ...local, '-o', '.');
  assert.deepEqual(Object.keys(got[0]!), ['event', 'address', 'host', 'port']);
  assertFields('get', got.at(-1), ['profile']);
  assertFields('get', (await run('get', ...local, '-o', '.', '--profile')).at(-1));

  const main = path.join(repository, 'dist', 'bin', 'millrace.js');
  const torrent = path.join(workspace.path, 'data.bin.torrent');
  const args = ['seed', torrent, '-d', workspace.path, '--listen', '127.0.0.1:0', '--json'];
  const seeder = workspace.own(new Program(process.execPath, [main, ...args]));
  await seeder.find((line) => line.includes('"state":"seeding"') || undefined, TIMEOUT_MS, 'seeding');
  seeder.signal('SIGINT');
  assert.deepEqual(await within(seeder.ended, TIMEOUT_MS, 'the seeder'), { code: 130, signal: null });
  assertFields('seed', JSON.parse(seeder.output.text.split('\n').at(-1)!), ['goal']);
});
