// What `npm pack` makes, in a stranger's hands: installed into an empty folder, compiled against and run. Whether
// publint and attw like it is for `npm run check:package` to say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import ts from 'typescript';
import { repository } from '../support/repository.ts';
import { readSource } from '../support/sources.ts';
import { Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;

/** What `npm pack --json` says. */
interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let clean: () => Promise<void>;
let folder = '';
let packed: Packed;

function run(command: string, args: readonly string[], cwd = folder): string {
  const env = { ...process.env, MILLRACE_DATA_DIR: path.join(folder, 'data') };
  const result = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: TIMEOUT_MS });
  assert.equal(result.status, 0, `${command} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

before(async () => {
  const workspace = await Workspace.open({
    after: (cleanUp) => {
      clean = cleanUp;
    },
  });
  folder = workspace.path;
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  [packed] = JSON.parse(run('npm', pack, repository)) as [Packed];
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  run('npm', [...install, path.join(folder, packed.filename)]);
});
after(() => clean());

/** Compiles a file of the stranger's folder; answers with what the compiler says about it and about our types. */
function compile(file: string): { readonly complaints: string[]; readonly program: ts.Program } {
  const own = path.join(folder, file);
  const program = ts.createProgram([own], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts'],
    // A stranger has @types/node of his own; ours is as good.
    typeRoots: [path.join(repository, 'node_modules', '@types')],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    noImplicitOverride: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    skipLibCheck: false,
  });
  const library = path.join(folder, 'node_modules', 'millrace') + path.sep;
  const judged = program.getSourceFiles().filter(({ fileName }) => fileName === own || fileName.startsWith(library));
  assert.ok(judged.length > 5, 'the types of the package were not found');
  const found = judged.flatMap((source) => [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ]);
  return {
    program,
    complaints: found.map(({ file, start = 0, messageText }) => {
      const name = path.relative(folder, file?.fileName ?? '');
      const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${name}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    }),
  };
}

test('the package holds the program, the library and its papers, and nothing else', () => {
  const files = packed.files.map((file) => file.path);
  for (const file of [
    'README.md',
    'LICENSE',
    'dist/client/index.js',
    'dist/client/index.d.ts',
    'dist/bin/millrace.js',
  ]) {
    assert.ok(files.includes(file), `${file} is missing`);
  }
  const strange = files.filter(
    (file) =>
      !/^(dist\/.*(?<!\.test)(\.d\.ts|\.js)|[A-Z]+(\.md)?|(dist\/bin\/)?package\.json|dist\/native\/[\w-]+\.node)$/.test(
        file,
      ),
  );
  assert.deepEqual(strange, []);
});

test('a strict program compiles against its types, and downloads', async () => {
  await copyFile(path.join(repository, 'test', 'package', 'consumer.ts'), path.join(folder, 'consumer.ts'));
  const { complaints, program } = compile('consumer.ts');
  assert.deepEqual(complaints, []);
  program.emit();
  const lines = run(process.execPath, ['consumer.js']).trimEnd().split('\n');
  assert.match(lines[0]!, /^magnet:\?xt=urn:btih:[0-9a-f]{40}&dn=payload$/);
  assert.match(lines[1]!, /^downloading seeding \d payload 300000 complete$/);
  assert.deepEqual(lines.slice(2), ['same', 'true InputError ERR_CLIENT_DUPLICATE']);
});

test('the types refuse what the library would', async () => {
  const lines = [
    `import { Client, type Torrent } from 'millrace';`,
    'const client = new Client({ memory: 1 });',
    'const torrent = await client.add(7);',
    `torrent.on('piece', (piece: string) => piece);`,
    'torrent.progress().bytesDone = 1;',
    'new Torrent();',
    'client.dht?.engine;',
    'client.searches[0]?.fetch;',
  ];
  await writeFile(path.join(folder, 'misuse.ts'), lines.join('\n'));
  const refused = new Set(compile('misuse.ts').complaints.map((complaint) => /^misuse\.ts:(\d)/.exec(complaint)?.[1]));
  assert.deepEqual([...refused], ['2', '3', '4', '5', '6', '7', '8']);
});

test('the program runs', () => {
  const { version } = JSON.parse(readSource('package.json').text) as { version: string };
  const bin = path.join(folder, 'node_modules', '.bin', 'millrace');
  assert.equal(run(bin, ['--version']), `${version}\n`);
});
