// Makes package-lock.json agree with package.json, keeping every version that still fits. In an empty folder: beside a filled
// node_modules npm forgets the binaries of other platforms, and `npm ci` would refuse the lock (docs/decisions/0004-npm-ci.md).
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from './ready.mjs';

const home = mkdtempSync(path.join(tmpdir(), 'millrace-lock-'));
try {
  for (const file of ['package.json', 'package-lock.json'])
    if (existsSync(path.join(root, file))) copyFileSync(path.join(root, file), path.join(home, file));
  const flags = ['--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = spawnSync('npm', ['install', ...flags], { cwd: home, stdio: 'inherit' });
  if (npm.status === 0) {
    const lock = readFileSync(path.join(home, 'package-lock.json'), 'utf8');
    writeFileSync(path.join(root, 'package-lock.json'), lock.replace(/^ *"resolved": .*\n/gm, ''));
  }
  process.exitCode = npm.status ?? 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
