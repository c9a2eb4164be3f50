// `npm test`: every test of the repository. `npm test -- wire` runs the files whose path contains a given word.
// Node 20's runner takes no globs, so the list of files is made here, over the build: tests run what ships.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ready, root } from './ready.mjs';

ready();
const words = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const flags = process.argv.slice(2).filter((arg) => arg.startsWith('--'));

function testsIn(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => path.relative(root, path.join(directory, name)));
}

/** A deleted source leaves its compiled test behind: only tests whose source still exists are run. */
function hasSource(file) {
  const source = file
    .replace(/^dist\//, 'src/')
    .replace(/^build\/suite\//, 'test/')
    .replace(/\.js$/, '.ts');
  return existsSync(path.join(root, source));
}

const files = [...testsIn(path.join(root, 'dist')), ...testsIn(path.join(root, 'build', 'suite'))]
  .filter(hasSource)
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  process.stderr.write(`millrace: no test file matches ${words.join(' ')}\n`);
  process.exit(1);
}
// Many tests wait for peers more than they compute, so more files run at once than there are cores.
const settings = ['--expose-gc', '--test', '--test-reporter=spec', '--test-concurrency=3'];
const child = spawn(process.execPath, [...settings, ...flags, ...files], {
  cwd: root,
  // No test has business with the public nodes of the DHT, or with the router that this machine is behind.
  env: { MILLRACE_DHT_NODES: '', MILLRACE_NO_NAT: '1', ...process.env },
  stdio: 'inherit',
});
process.on('SIGINT', () => undefined);
child.on('exit', (code) => process.exit(code ?? 1));
