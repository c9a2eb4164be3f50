// The layers are enforced by the compiler, not by good will. Puts a trespassing file into each pure layer, in memory
// only, under that layer's own tsconfig.json, and expects the compiler to refuse every line of it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { repository } from './support/repository.ts';
import { readSource, repositoryFiles } from './support/sources.ts';

/** Each pure layer, and a real file above it. */
const layers = [
  { layer: 'base', above: '../protocol/wire/message-id.ts' },
  { layer: 'protocol', above: '../engine/ports.ts' },
  { layer: 'engine', above: '../host/memory/arena.ts' },
] as const;

const parsed = new Map<string, ts.SourceFile | undefined>();

/** Compiles `text` as `src/LAYER/trespasser.ts` and returns the messages about that file. */
function refusals(layer: string, text: string): string[] {
  const folder = path.join(repository, 'src', layer);
  const probe = path.join(folder, 'trespasser.ts');
  const config = path.join(folder, 'tsconfig.json');
  const read = ts.readConfigFile(config, ts.sys.readFile);
  const command = ts.parseJsonConfigFileContent(read.config, ts.sys, folder, undefined, config);
  const options = { ...command.options, noEmit: true };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => file === probe || fileExists(file);
  host.getSourceFile = (file, version, ...rest) => {
    if (file === probe) return ts.createSourceFile(file, text, version, true);
    if (!parsed.has(file)) parsed.set(file, getSourceFile(file, version, ...rest));
    return parsed.get(file);
  };
  const program = ts.createProgram({
    rootNames: [...command.fileNames, probe],
    options,
    projectReferences: command.projectReferences ?? [],
    host,
  });
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(program.getSourceFile(probe)),
    ...program.getSemanticDiagnostics(program.getSourceFile(probe)),
  ];
  return diagnostics.map((found) => ts.flattenDiagnosticMessageText(found.messageText, '\n'));
}

for (const { layer, above } of layers) {
  test(`${layer} cannot import from the layer above`, () => {
    const messages = refusals(layer, `export * from '${above}';\n`);
    assert.ok(
      messages.some((message) => /not listed within the file list|is not under 'rootDir'/.test(message)),
      `the compiler accepted it: ${JSON.stringify(messages)}`,
    );
  });

  test(`${layer} knows no Node, no timers and no DOM`, () => {
    const lines = [
      `import net from 'node:net';`,
      'export const socket: unknown = net;',
      'export const bytes: unknown = Buffer;',
      'export const timer: unknown = setTimeout;',
      'export const decoder: unknown = TextDecoder;',
      'export const environment: unknown = process;',
    ];
    const messages = refusals(layer, lines.join('\n')).join('\n');
    for (const name of ['node:net', 'Buffer', 'setTimeout', 'TextDecoder', 'process'])
      assert.match(messages, new RegExp(`Cannot find (name|module).*'${name}'`), `${layer} may use ${name}`);
  });
}

test('the probe itself is sound: lawful imports, from below and from beside, are accepted', () => {
  const lawful = [
    `export { assert } from '../base/assert.ts';`,
    `export { BLOCK_BYTES } from './torrent/geometry.ts';`,
  ];
  assert.deepEqual(refusals('engine', lawful.join('\n')), []);
});

/** What the program's modules may import from outside of their own folder; the demo brings a tracker of its own. */
const commandLineMayImport = /^src\/(client\/index|base\/\w[\w-]*)\.ts$/;
const demoMayImport = /^src\/testing\//;

test('the command line is a user of the public library, of its entrance and nothing behind it', () => {
  const modules = repositoryFiles().filter((file) => /^src\/cli\/.*(?<!\.test)\.ts$/.test(file));
  const outside = modules.map(readSource).flatMap(({ path: file, text }) =>
    [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)]
      .map(([, target = '']) => path.posix.join(path.posix.dirname(file), target))
      .filter((target) => !target.startsWith('src/cli/'))
      .map((target) => ({ file, target })),
  );
  const trespasses = outside.filter(
    ({ file, target }) =>
      !commandLineMayImport.test(target) && !(file.startsWith('src/cli/demo/') && demoMayImport.test(target)),
  );
  assert.deepEqual(trespasses, []);
  assert.ok(
    outside.some(({ target }) => target === 'src/client/index.ts'),
    'no import of the library was found: the test looks in the wrong place',
  );
});
