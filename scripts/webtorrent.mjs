// Installs WebTorrent, which tests and benchmarks run against, into build/webtorrent: it is no dependency of the project,
// and what it brings along stays out of the way. Does nothing when it is there. Its install scripts are not run.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { root } from './ready.mjs';

const INSTALL_TIMEOUT_MS = 120_000;
const wanted = path.join(root, 'test', 'interop', 'webtorrent', 'package.json');
const home = path.join(root, 'build', 'webtorrent');
const stamp = path.join(home, 'installed.json');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== readFileSync(wanted, 'utf8')) {
  mkdirSync(home, { recursive: true });
  copyFileSync(wanted, path.join(home, 'package.json'));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  const npm = spawnSync('npm', ['install', ...flags], { cwd: home, stdio: 'ignore', timeout: INSTALL_TIMEOUT_MS });
  if (npm.status === 0) copyFileSync(wanted, stamp);
  process.exitCode = npm.status === 0 ? 0 : 1;
}
