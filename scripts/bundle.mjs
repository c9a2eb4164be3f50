// Bundles the compiled program into dist/bin: one file for the command line, one for each kind of worker thread.
// Loading some 300 small modules costs more than half of the start, in time and in CPU; a bundle spares it, and as CommonJS it
// spares every thread Node's loader of ES modules, some 15 ms. The library stays as tsc compiled it. Dependencies that
// are not needed at every start stay outside and are loaded when they are.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const folder = path.join(dist, 'bin');
const program = path.join(folder, 'millrace.js');
const ALWAYS_NEEDED = ['commander', 'env-paths'];

function compiledFiles() {
  return readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.js') && !name.endsWith('.test.js') && !name.startsWith('bin'),
  );
}

/** True when a compiled file is younger than the bundle. */
function isStale(files) {
  if (!existsSync(program)) return true;
  const bundledAt = statSync(program).mtimeMs;
  return files.some((name) => statSync(path.join(dist, name)).mtimeMs > bundledAt);
}

/** Makes the bundle if it is missing or stale. A file named `…-worker.js` is what a worker thread begins with. */
export async function bundle() {
  const files = compiledFiles();
  if (!isStale(files)) return;
  const workers = files.filter((name) => /^(client|host|cli)\/.*-worker\.js$/.test(name));
  const { build } = await import('esbuild');
  const { dependencies: versions } = JSON.parse(readFileSync(path.join(dist, '..', 'package.json'), 'utf8'));
  const dependencies = Object.keys(versions);
  rmSync(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: dist,
    entryPoints: [
      { in: 'cli/main.js', out: 'millrace' },
      ...workers.map((name) => ({ in: name, out: path.basename(name, '.js') })),
    ],
    outdir: folder,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    external: dependencies.filter((name) => !ALWAYS_NEEDED.includes(name)),
    banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { 'import.meta.url': 'moduleUrl' },
    // Comments and indentation are a sixth of the start.
    minifyWhitespace: true,
    logLevel: 'warning',
  });
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "commonjs" }\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
