// The pure layers need no name that a bare JavaScript engine lacks. The compiler lists the global names that their
// compiled modules use; QuickJS, which has the language and nothing else, must know every one of them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import ts from 'typescript';
import { Realm } from './quickjs/realm.ts';
import { repository } from './support/repository.ts';

const LAYERS = ['base', 'protocol', 'engine'];
/** TS2304 and its variants: "Cannot find name …", with or without a hint of what to install. */
const CANNOT_FIND_NAME = /^Cannot find name '(\w+)'/;

let realm: Realm;
before(async () => {
  realm = await Realm.open();
});
after(() => realm.close());

/** Compiled modules by their sources: what a deleted source left behind in the build is none of them. */
function modulesOf(layer: string): string[] {
  return readdirSync(path.join(repository, 'src', layer), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => path.join(repository, 'dist', layer, name.replace(/\.ts$/, '.js')));
}

/** The module without its comments. */
function code(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

/** Global names that these files use, with one place of each. `extra` is a file that exists in memory only. */
function globalNames(files: readonly string[], extra?: { file: string; text: string }): Map<string, string> {
  const options = { allowJs: true, checkJs: true, noEmit: true, noLib: true, types: [], noResolve: true };
  const compiler = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = compiler;
  compiler.fileExists = (file) => file === extra?.file || fileExists(file);
  compiler.getSourceFile = (file, version, ...rest) =>
    file === extra?.file ? ts.createSourceFile(file, extra.text, version, true) : getSourceFile(file, version, ...rest);
  const program = ts.createProgram({ rootNames: [...files, ...(extra ? [extra.file] : [])], options, host: compiler });
  const names = new Map<string, string>();
  for (const { messageText, file, start } of program.getSemanticDiagnostics()) {
    const name = CANNOT_FIND_NAME.exec(ts.flattenDiagnosticMessageText(messageText, '\n'))?.[1];
    if (name === undefined || file === undefined) continue;
    const { line } = file.getLineAndCharacterOfPosition(start!);
    names.set(name, `${path.relative(repository, file.fileName)}:${line + 1}`);
  }
  return names;
}

/** Those of the names that QuickJS does not know. */
function strangers(names: Map<string, string>): string[] {
  realm.load('export const knows = (name) => Number(name in globalThis);');
  return [...names].filter(([name]) => realm.call('knows', name) !== 1).map(([name, where]) => `${name} (${where})`);
}

test('every module of the pure layers loads in QuickJS', () => {
  const modules = LAYERS.flatMap(modulesOf).map((file) => path.relative(path.join(repository, 'dist'), file));
  assert.ok(modules.length > 100, `only ${modules.length} modules found: run the build`);
  realm.load(modules.map((name) => `import '#src/${name}';`).join('\n'));
});

test('no pure layer uses a global that QuickJS lacks', () => {
  const names = globalNames(LAYERS.flatMap(modulesOf));
  assert.ok(names.has('Uint8Array') && names.has('Math'), `the names were not found: ${[...names.keys()]}`);
  assert.deepEqual(strangers(names), []);
});

test('no pure layer reaches for globals by another way', () => {
  const users = LAYERS.flatMap(modulesOf).filter((file) => /\b(globalThis|eval|Function)\b\s*[.([]/.test(code(file)));
  assert.deepEqual(users, []);
});

test('the probe itself is sound: a trespasser is named', () => {
  const lines = ['TextDecoder', 'URL', 'crypto', 'performance', 'structuredClone', 'setTimeout', 'Buffer', 'process'];
  const text = lines.map((name, line) => `export const x${line} = () => new ${name}();`).join('\n');
  const file = path.join(repository, 'dist', 'base', 'trespasser.js');
  const found = strangers(globalNames([], { file, text })).map((stranger) => stranger.split(' ')[0]);
  assert.deepEqual(found, lines);
});
