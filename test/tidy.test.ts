// The house rules that a machine can check (ARCHITECTURE.md, CONTRIBUTING.md). Each failure names the file, the line and the rule.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repository } from './support/repository.ts';
import { codeLines, loadedImports, readSource, repositoryFiles, type SourceFile } from './support/sources.ts';

const LINES_MAX = 400;

const files = repositoryFiles();
const typescript = files.filter((file) => file.endsWith('.ts') && !file.includes('/fixtures/')).map(readSource);
const sources = typescript.filter((source) => source.path.startsWith('src/') && !source.path.endsWith('.test.ts'));
const documents = files.filter((file) => file.endsWith('.md')).map(readSource);

/** A pattern that must not stand in code, and what to do instead. */
interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  readonly where?: RegExp;
  readonly except?: RegExp;
}

const RULES = /^test\/tidy\.test\.ts$/;

const bans: readonly Ban[] = [
  {
    pattern: /\bBuffer\.concat\(/,
    instead: 'keep the parts apart, or write them with writev',
    where: /^src\/(base|protocol|engine|host\/(net|disk|memory))\//,
    except: /\.test\.ts$/,
  },
  {
    pattern: /\bBuffer\.from\(/,
    instead: 'work on Uint8Array views; only the borders (host, client, cli, testing) may make a Buffer',
    where: /^src\/(?!host|testing|cli|client)/,
    except: /\.test\.ts$/,
  },
  { pattern: /\bas any\b|<any>/, instead: 'give it a type, or `unknown` and a check' },
  { pattern: /\bcatch\s*(\([^)]*\))?\s*\{\s*\}/, instead: 'handle the error, or say in code what makes it harmless' },
  { pattern: /\.only\(|\btest\.skip\(\s*['"`]/, instead: 'a test runs, or says with `skip: reason` what is missing' },
  {
    pattern: /\bsetTimeout\(|\bsetInterval\(|\bDate\.now\(|\bMath\.random\(|\bperformance\./,
    instead: 'ask the injected clock, random or tick',
    where: /^src\/(base|protocol|engine)\//,
  },
  {
    pattern: /\bconsole\./,
    instead: 'the program writes through its output modules, the library is silent',
    where: /^src\//,
    except: /\.test\.ts$/,
  },
];

/** Marks that must not stand anywhere, comments included. */
const marks: readonly Ban[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'do it now or file an issue' },
  { pattern: /@ts-(ignore|expect-error|nocheck)/, instead: 'make the types say what is true' },
  { pattern: /biome-ignore(?!.*: \S+)/, instead: 'give the reason after the colon' },
];

function violations(source: SourceFile, lines: readonly string[], rules: readonly Ban[]): string[] {
  const found: string[] = [];
  for (const rule of rules) {
    if (rule.where !== undefined && !rule.where.test(source.path)) continue;
    if (rule.except?.test(source.path)) continue;
    lines.forEach((line, index) => {
      if (rule.pattern.test(line))
        found.push(`${source.path}:${index + 1}: ${line.trim()}\n    instead: ${rule.instead}`);
    });
  }
  return found;
}

function none(found: readonly string[], rule: string): void {
  assert.equal(found.length, 0, `${rule}\n  ${found.join('\n  ')}`);
}

test('there is something to check', () => {
  assert.ok(sources.length > 10, `only ${sources.length} sources found`);
  assert.ok(documents.length > 0, 'no documents found');
});

test(`a source file has at most ${LINES_MAX} lines`, () => {
  const long = sources.filter((source) => source.lines.length - 1 > LINES_MAX);
  none(
    long.map((source) => `${source.path}: ${source.lines.length - 1} lines`),
    'find the noun that hides in the file and move it out',
  );
});

test('a source file opens with a comment that says what it owns', () => {
  const bare = sources.filter((source) => {
    const first = source.lines[0]?.startsWith('#!') ? source.lines[1] : source.lines[0];
    return !/^\/\/ \S/.test(first ?? '');
  });
  none(
    bare.map((source) => source.path),
    'start the file with 1-6 `//` lines: what it owns, which BEP',
  );
});

test('code is free of what the house bans', () => {
  const found = typescript.filter((s) => !RULES.test(s.path)).flatMap((s) => violations(s, codeLines(s), bans));
  none(found, 'banned code');
});

test('no line carries a mark of unfinished or forced work', () => {
  const found = typescript.filter((s) => !RULES.test(s.path)).flatMap((s) => violations(s, s.lines, marks));
  none(found, 'unfinished or forced');
});

test('files and folders are named in kebab-case, after a noun', () => {
  const inHouse = files.filter((file) => /^(src|test|bench|scripts)\//.test(file));
  const named = inHouse.filter((file) => !/\/(fixtures|corpus)\//.test(file));
  const wrong = named.filter((file) => !/^[a-z0-9][a-z0-9./-]*$/.test(file));
  const vague = named.filter((file) => /\b(utils?|helpers?|misc|common|manager)\b/.test(file));
  none([...wrong, ...vague], 'kebab-case, one noun, never utils, helpers, misc, common or manager');
});

test('a unit test lies beside what it tests', () => {
  const unitTests = typescript.filter((file) => file.path.startsWith('src/') && file.path.endsWith('.test.ts'));
  const lost = unitTests.filter((file) => !/from '\.\/[a-z0-9-]+\.ts'/.test(file.text));
  none(
    lost.map((file) => `${file.path} imports nothing of its own folder`),
    'put it beside its source, or under test/ when it crosses modules',
  );
});

test('private handles of Node are touched in one file', () => {
  const users = sources.filter((source) => codeLines(source).some((line) => /\._handle\b/.test(line)));
  assert.ok(users.length <= 1, `_handle is a private field of Node, keep it in one file: ${users.map((s) => s.path)}`);
});

test('modules that are loaded form no cycle', () => {
  const imports = new Map(sources.map((source) => [source.path, loadedImports(source)]));
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: string[] = [];
  const walk = (file: string): void => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (done.has(file) || trail.includes(file)) return;
    trail.push(file);
    for (const next of imports.get(file) ?? []) walk(next);
    trail.pop();
    done.add(file);
  };
  for (const file of imports.keys()) walk(file);
  none(cycles, 'break the cycle: move the shared noun down');
});

test('no file names a path of somebody’s machine or a package registry', () => {
  // Put together at run time, so that this file may stand in the repository that it checks.
  const roots = ['home', 'root', 'Users', 'work', 'var/folders'].map((name) => `/${name}/`).join('|');
  const personal = new RegExp(`(?<![\\w.:/*-])(${roots})[\\w.-]`);
  const text = files.filter(
    (file) => /\.(ts|mjs|json|md|py|sh|txt)$|^\.ci\//.test(file) && !/\/(fixtures|corpus)\//.test(file),
  );
  const found = text
    .map(readSource)
    .flatMap((source) =>
      source.lines.flatMap((line, index) =>
        personal.test(line) || (source.path === 'package-lock.json' && line.includes('"resolved"'))
          ? [`${source.path}:${index + 1}: ${line.trim().slice(0, 120)}`]
          : [],
      ),
    );
  none(found, 'a clone lives anywhere');
});

test('links between documents lead somewhere', () => {
  const dead = documents.flatMap((document) => {
    const prose = document.text.replace(/```[\s\S]*?```/g, '');
    const targets = [...prose.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    return targets
      .filter((target) => !existsSync(path.join(repository, path.dirname(document.path), target)))
      .map((target) => `${document.path} → ${target}`);
  });
  none(dead, 'dead links');
});

test('npm commands that documents name exist', () => {
  const scripts = (JSON.parse(readSource('package.json').text) as { scripts: Record<string, string> }).scripts;
  const unknown = documents.flatMap((document) =>
    [...document.text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
      .filter((match) => !(match[1]! in scripts))
      .map((match) => `${document.path}: ${match[0]}`),
  );
  none(unknown, 'package.json has no such script');
  const readme = readSource('README.md').text;
  for (const command of ['npm start', 'npm test'])
    assert.ok(readme.includes(command), `README.md lacks \`${command}\``);
});
