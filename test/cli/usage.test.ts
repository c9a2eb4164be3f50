// Help, usage errors and exit statuses of the program as it ships.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { repository } from '../support/repository.ts';
import { eventsOf, runMillrace } from './run-millrace.ts';

const MISUNDERSTOOD: [string, RegExp][] = [
  ['gte x', /^millrace: unknown command 'gte' \(Did you mean get\?\) \(see: millrace --help\)\n$/],
  ['get', /^millrace: missing required argument 'source' \(see: millrace get --help\)\n$/],
  ['info a b', /too many arguments/],
  ['get x --frob', /unknown option '--frob'/],
  ['get x --memory 12q', /--memory.*"12q" is not a size/],
  ['get x --max-peers 0', /--max-peers.*"0" is not a whole number from 1 on/],
  ['get x --down fast', /--down.*"fast" is not a rate/],
  ['get x --peer nowhere', /--peer.*"nowhere" is not an address/],
  ['get x --select 3-1', /--select.*runs backwards/],
  ['get x --encryption maybe', /Allowed choices are allow, prefer, require, off/],
  ['completion ksh', /Allowed choices are bash, zsh, fish/],
  ['seed x', /required option '-d, --directory <dir>' not specified/],
  ['create x --v1 --v2', /cannot be used with/],
  ['create x --v2', /--v2 does not exist yet/],
  ['get no-such-file.torrent', /no-such-file\.torrent/],
  ['demo --size 1k', /too little for a demo/],
];

for (const [line, sentence] of MISUNDERSTOOD) {
  test(`"millrace ${line}" exits with 2 and one sentence`, async () => {
    const { exitCode, stdout, stderr } = await runMillrace(line.split(' '));
    assert.match(stderr, sentence);
    assert.equal(stderr.split('\n').length, 2, stderr);
    assert.equal(stdout, '');
    assert.equal(exitCode, 2);
  });
}

test('where events are wanted, a usage error is one', async () => {
  const run = await runMillrace(['get', '--json']);
  assert.deepEqual(
    eventsOf(run).map(({ event, code }) => [event, code]),
    [['error', 'ERR_CLI_USAGE']],
  );
  assert.equal(run.stderr, '');
  assert.equal(run.exitCode, 2);
});

test('help is no failure, and names every command', async () => {
  for (const line of ['--help', 'help']) {
    const { exitCode, stdout } = await runMillrace([line]);
    assert.equal(exitCode, 0);
    for (const command of ['get', 'stream', 'seed', 'create', 'info', 'verify', 'move', 'demo', 'completion']) {
      assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
    }
  }
});

test('the help of a command names every option of the contract', async () => {
  const options: [string, string][] = [
    ['get', '--output --peer --listen --no-trackers --no-dht --no-lsd --no-pex --no-nat --encryption --memory'],
    ['get', '--select --sequential --preallocate --seed --down --up --max-peers --upload-slots --json --profile'],
    ['stream', '--output --file --down --peer --listen'],
    ['seed', '--directory --listen --peer --trust --json'],
    ['create', '--output --piece-length --tracker --web-seed --private --comment --name --source --v1 --v2 --hybrid'],
    ['info', '--json'],
    ['verify', '--directory --json'],
    ['move', '--from --to --overwrite --json'],
    ['demo', '--size --json'],
  ];
  for (const [command, names] of options) {
    const { exitCode, stdout } = await runMillrace(['help', command]);
    assert.equal(exitCode, 0);
    for (const name of names.split(' ')) assert.ok(stdout.includes(`${name} `), `${command} ${name}`);
    assert.match(stdout, new RegExp(`Examples:\n  millrace ${command} `));
  }
});

test('without a command, help goes to standard error and the status is 2', async () => {
  const { exitCode, stdout, stderr } = await runMillrace([]);
  assert.equal(exitCode, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /Usage: millrace/);
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8'));
  assert.equal((await runMillrace(['--version'])).stdout, `${version}\n`);
});
