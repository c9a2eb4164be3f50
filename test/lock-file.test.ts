// Does package-lock.json hold all that `npm ci` asks for, on every platform, and no registry's address?
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSource } from './support/sources.ts';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const packages = (JSON.parse(readSource('package-lock.json').text) as { packages: Record<string, Locked> }).packages;

/** Where Node finds `name` when it is asked for from `place`: in its own node_modules, or in that of a folder above it. */
function found(place: string, name: string): boolean {
  for (let folder = place; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

test('every dependency of a locked package is locked, those of other platforms too', () => {
  const missing = Object.entries(packages).flatMap(([place, { dependencies, devDependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter((name) => !found(place, name))
      .map((name) => `${place}: ${name}`),
  );
  assert.deepEqual(missing, [], 'regenerate the lock file with `npm run lock`');
});

test('every locked package has its hash and no address', () => {
  const wrong = Object.entries(packages).filter(
    ([place, locked]) => place !== '' && (locked.integrity === undefined || locked.resolved !== undefined),
  );
  assert.deepEqual(
    wrong.map(([place]) => place),
    [],
    'regenerate the lock file with `npm run lock`',
  );
});
