// Is what `npm pack` makes fit to be installed? publint reads its package.json, attw its types, and a stranger's empty
// folder installs it, imports the library and runs the program.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ready, root } from './ready.mjs';

ready();
const work = path.join(root, 'build', 'package');
const consumer = path.join(work, 'consumer');
rmSync(work, { recursive: true, force: true });
mkdirSync(consumer, { recursive: true });

function run(command, args, cwd = root) {
  process.stderr.write(`+ ${command} ${args.join(' ')}\n`);
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (result.status === 0) return result.stdout;
  process.stderr.write(`${result.stdout ?? ''}\ncheck-package: ${command} ${args[0]} failed\n`);
  process.exit(1);
}

const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work]));
const tarball = path.join(work, packed.filename);
run(bin('publint'), ['run', tarball, '--strict']);
// The package is ESM only, and says so: what attw thinks of CommonJS resolution does not apply.
run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--no-emoji']);

writeFileSync(path.join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], consumer);
const use = `const { Client } = await import('millrace'); if (typeof Client !== 'function') throw new Error('no Client');`;
run(process.execPath, ['--input-type=module', '--eval', use], consumer);
run(path.join(consumer, 'node_modules', '.bin', 'millrace'), ['--help'], consumer);
process.stdout.write(`package: ${packed.filename}, ${packed.entryCount} files, ${packed.size} bytes packed: fit\n`);
