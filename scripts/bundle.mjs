// Bundles the compiled program into dist/bin: one file for the command line, one for each kind of worker thread.
// Loading some 300 small modules costs more than half of the start, in time and in CPU; a bundle spares it. The library
// stays as tsc compiled it. Dependencies stay outside and are loaded when they are needed.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const folder = path.join(dist, 'bin');
const program = path.join(folder, 'millrace.js');

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
  rmSync(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: dist,
    entryPoints: [
      { in: 'cli/main.js', out: 'millrace' },
      ...workers.map((name) => ({ in: name, out: path.basename(name, '.js') })),
    ],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    // Comments and indentation are a sixth of the start.
    minifyWhitespace: true,
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
