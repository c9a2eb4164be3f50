// `npm start` is the demo; `npm start -- get …` is any command of the program.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ready, root } from './ready.mjs';

ready();
const args = process.argv.slice(2);
const main = path.join(root, 'dist', 'bin', 'millrace.js');
const child = spawn(process.execPath, [main, ...(args.length > 0 ? args : ['demo'])], { stdio: 'inherit' });
// The terminal sends Ctrl-C to the whole group; the child saves its state, this parent only waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)));
