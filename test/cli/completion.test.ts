// The completion scripts in the shells that they are for: a terminal, a line that is begun, and the tabulator key.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { skipAloud, succeeds } from '../support/available.ts';
import { Program } from '../support/program.ts';
import { Workspace } from '../support/workspace.ts';
import { runMillrace } from './run-millrace.ts';

const TIMEOUT_MS = 60_000;

/** What is typed behind `millrace`, and the words that it becomes. */
const LINES: readonly (readonly [string, readonly string[]])[] = [
  ['inf\talb\t', ['info', 'album one.torrent']],
  ['get --encr\tpre\talb\t--no-d\t', ['get', '--encryption', 'prefer', 'album one.torrent', '--no-dht']],
  ['get -o downl\t', ['get', '-o', 'downloads/']],
  ['seed album\t--dir\tdown\t', ['seed', 'album one.torrent', '--directory', 'downloads/']],
  ['compl\tz\t', ['completion', 'zsh']],
  ['help str\t', ['help', 'stream']],
  ['create note\t', ['create', 'notes.txt']],
];

async function stage(t: TestContext, shell: string) {
  const workspace = await Workspace.open(t);
  const folder = await workspace.folder('home');
  await workspace.folder('home/downloads');
  for (const name of ['album one.torrent', 'notes.txt']) await writeFile(path.join(folder, name), '');
  const { exitCode, stdout } = await runMillrace(['completion', shell]);
  assert.equal(exitCode, 0);
  const script = path.join(workspace.path, `completion.${shell}`);
  await writeFile(script, stdout);
  return { workspace, folder, script };
}

/** Types each line into an interactive shell, in which a function in the place of the program shows what it is given. */
async function typesIn(t: TestContext, shell: string, command: string, start: (script: string) => readonly string[]) {
  const missing = ['script', shell].find((program) => !succeeds(program, ['--version']));
  if (missing !== undefined && skipAloud(t, `${missing} is not installed`)) return;
  const { workspace, folder, script } = await stage(t, shell);
  const env = { TERM: 'dumb', HOME: folder, PS1: '$ ', HISTFILE: '' };
  const terminal = workspace.own(new Program('script', ['-qec', command, '/dev/null'], env));
  terminal.write(`cd '${folder}'`);
  for (const line of start(script)) terminal.write(line);
  terminal.write(`millrace() { printf 'given:'; printf '<%s>' "$@"; printf '\\n'; }`);
  terminal.write(`echo rea''dy`);
  await terminal.find((line) => /^ready\s*$/.test(line) || undefined, TIMEOUT_MS, `${shell} to be ready`);
  for (const [typed, words] of LINES) {
    const given = terminal.next((line) => /given:(<.*>)/.exec(line)?.[1], TIMEOUT_MS, `${shell} to take ${typed}`);
    terminal.write(`millrace ${typed}`);
    // zsh takes the slash of a folder away again when the word ends there.
    assert.equal(
      (await given).replaceAll('/>', '>'),
      words
        .map((word) => `<${word}>`)
        .join('')
        .replaceAll('/>', '>'),
      JSON.stringify(typed),
    );
  }
}

test('bash completes commands, options, values and files', { timeout: 120_000 }, async (t) => {
  await typesIn(t, 'bash', 'bash --norc --noprofile -i', (script) => [`source '${script}'`]);
});

test('zsh completes commands, options, values and files', { timeout: 120_000 }, async (t) => {
  await typesIn(t, 'zsh', 'zsh -f -i', (script) => ['autoload -Uz compinit && compinit -D -u', `source '${script}'`]);
});

test('fish completes commands, options, values and files', { timeout: 120_000 }, async (t) => {
  if (!succeeds('fish', ['--version']) && skipAloud(t, 'fish is not installed')) return;
  const { workspace, folder, script } = await stage(t, 'fish');
  const completed = async (line: string) => {
    const asked = `cd '${folder}'; source '${script}'; complete -C 'millrace ${line}'`;
    const fish = workspace.own(new Program('fish', ['--no-config', '-c', asked], { HOME: folder }));
    const end = await fish.wait(TIMEOUT_MS);
    assert.equal(end.code, 0, fish.errors.tail());
    assert.equal(fish.errors.text, '');
    return fish.output.text.split('\n').map((told) => told.split('\t')[0]);
  };
  assert.deepEqual(await completed('inf'), ['info']);
  assert.deepEqual(await completed('get --encr'), ['--encryption']);
  assert.deepEqual(await completed('get --encryption pre'), ['prefer']);
  assert.deepEqual(await completed('info alb'), ['album one.torrent']);
  assert.deepEqual(await completed('seed --directory down'), ['downloads/']);
  assert.deepEqual(await completed('completion z'), ['zsh']);
});

test('every option of every command can be completed, with no list of them but their definitions', async () => {
  const { stdout: help } = await runMillrace(['--help']);
  const [, list = ''] = /^Commands:\n([\s\S]*?)\n\n/m.exec(help) ?? [];
  const commands = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name);
  assert.ok(commands.length > 8);
  const { stdout: script } = await runMillrace(['completion', 'bash']);
  for (const name of commands.filter((command) => command !== 'help')) {
    const { stdout } = await runMillrace(['help', name]);
    const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = '']) => flag);
    const [, offered = ''] = new RegExp(`'${name} -'\\*\\) _millrace_words '(.*)'`).exec(script) ?? [];
    assert.deepEqual(
      offered
        .split(' ')
        .filter((flag) => flag.startsWith('--'))
        .sort(),
      flags.sort(),
      name,
    );
  }
});
