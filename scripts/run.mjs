// Runs one compiled program of the repository after making the clone ready: `node scripts/run.mjs build/bench/main.js …`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ready, root } from './ready.mjs';

ready();
const [program = '', ...args] = process.argv.slice(2);
const child = spawn(process.execPath, ['--expose-gc', path.join(root, program), ...args], { stdio: 'inherit' });
process.on('SIGINT', () => undefined);
child.on('exit', (code) => process.exit(code ?? 1));
