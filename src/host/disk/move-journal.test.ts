// kill -9 at every step of a move: what the next start finds is one place with all files, and nothing of a stranger's is lost.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { makeFileSystem } from '../../testing/storage/faulty-file-system.ts';
import { FileMover } from './file-mover.ts';
import { type FileSystem, NodeFileSystem } from './file-system.ts';
import { MoveJournal } from './move-journal.ts';
import { OpenFiles } from './open-files.ts';
import type { StoreLayout } from './store-layout.ts';
import { WorkerStore } from './worker-store.ts';

const CONTENT = { 't/a': 'one', 't/deep/b': 'two', '.parts': 'three' };
const PRECIOUS = { 't/a': 'precious', other: 'unrelated' };

function layout(directory: string, names: readonly string[]): StoreLayout {
  const files = names.map((name) => ({ path: name, length: 3, pad: false }));
  const pieces = { totalBytes: 3 * names.length, pieceBytes: 16_384, pieceHashes: new Uint8Array(20) };
  return { directory, files, ...pieces, preallocate: false, partFile: '.parts' };
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

/** Files below a folder and what is in them. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  let entries: ReturnType<typeof list> = [];
  try {
    entries = list(folder);
  } catch {
    return found;
  }
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) found[path.relative(folder, file)] = readFileSync(file, 'utf8');
  }
  return Object.fromEntries(Object.entries(found).sort());
}

const list = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true });

interface Move {
  readonly manyDevices: boolean;
  readonly obstacle: boolean;
  /** In place of another folder: another name. */
  readonly renames: boolean;
}

class Scene {
  readonly root = mkdtempSync(path.join(tmpdir(), 'millrace-journal-'));
  readonly here = path.join(this.root, 'here');
  readonly there = path.join(this.root, 'far', 'there');
  readonly journal = path.join(this.root, 'moves', 'x');
  readonly #move: Move;

  constructor(move: Move) {
    this.#move = move;
    write(this.here, CONTENT);
    if (move.obstacle) write(this.target, PRECIOUS);
  }

  get target(): string {
    return this.#move.renames ? this.here : this.there;
  }

  /** Moves until the call at which everything stops. Returns whether it came to that. */
  die(deadCall: number): boolean {
    const counts = new Int32Array(3);
    const system = makeFileSystem({ deadCall, counts, manyDevices: this.#move.manyDevices });
    const before = layout(this.here, ['t/a', 't/deep/b']);
    const after = layout(this.target, this.#move.renames ? ['t/a', 'elsewhere/b'] : ['t/a', 't/deep/b']);
    try {
      const mover = new FileMover(system, new OpenFiles(system, 8));
      const note = { file: this.journal, renamed: this.#move.renames ? ([[1, 'elsewhere/b']] as const) : [] };
      mover.move(new WorkerStore(0, before), new WorkerStore(0, after), new Float64Array(3), note);
    } catch (error) {
      if (counts[0]! < deadCall) throw error;
    }
    return counts[0]! >= deadCall;
  }

  recover(system: FileSystem = new NodeFileSystem()) {
    return new MoveJournal(system, this.journal).recover(this.here);
  }

  /** Recovers, dies on the way, and recovers again. */
  recoverTwice(deadCall: number) {
    let first: ReturnType<Scene['recover']>;
    try {
      first = this.recover(makeFileSystem({ deadCall, counts: new Int32Array(3) }));
    } catch {
      first = undefined;
    }
    const second = this.recover();
    return second ?? first;
  }

  /** Checks that all files are at one place, and gives the place's name. */
  check(outcome: ReturnType<Scene['recover']>, when: string): void {
    const { obstacle, renames } = this.#move;
    const moved = outcome?.kind === 'moved';
    if (renames) {
      const { 't/deep/b': b, ...rest } = CONTENT;
      assert.deepEqual(contents(this.here), moved ? sorted({ ...rest, 'elsewhere/b': b }) : sorted(CONTENT), when);
      if (moved) assert.deepEqual(outcome.plan.renamed, [[1, 'elsewhere/b']]);
    } else {
      assert.deepEqual(contents(this.here), moved ? {} : sorted(CONTENT), when);
      const strangers = obstacle ? PRECIOUS : {};
      assert.deepEqual(contents(this.there), sorted(moved ? { ...strangers, ...CONTENT } : strangers), when);
      if (moved) assert.equal(outcome.plan.to, this.there);
    }
    new MoveJournal(new NodeFileSystem(), this.journal).drop();
    assert.equal(this.recover(), undefined, 'the journal is closed');
  }

  close(): void {
    rmSync(this.root, { recursive: true });
  }
}

const sorted = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).sort());

const MOVES: readonly (readonly [string, Move])[] = [
  ['a move within a file system', { manyDevices: false, obstacle: false, renames: false }],
  ['a move to another file system', { manyDevices: true, obstacle: false, renames: false }],
  ['a move that replaces a file', { manyDevices: false, obstacle: true, renames: false }],
  ['a move to another file system that replaces a file', { manyDevices: true, obstacle: true, renames: false }],
  ['a rename', { manyDevices: false, obstacle: false, renames: true }],
];

for (const [name, move] of MOVES) {
  test(`${name} that is killed at any step is found undone or done`, () => {
    let steps = 0;
    const outcomes = new Set<string>();
    for (let died = true; died; ) {
      steps++;
      for (const again of [0, 1 + ((steps * 7) % 25)]) {
        const scene = new Scene(move);
        try {
          died = scene.die(steps);
          const outcome = again === 0 ? scene.recover() : scene.recoverTwice(again);
          outcomes.add(outcome?.kind ?? 'not begun');
          scene.check(outcome, `killed at call ${steps}, recovery at ${again}`);
        } finally {
          scene.close();
        }
      }
    }
    assert.ok(steps > 20, `only ${steps} steps`);
    assert.deepEqual([...outcomes].sort(), ['moved', 'not begun', 'undone']);
  });
}

test('whoever opens the place where files were to go keeps what is there', () => {
  const scene = new Scene({ manyDevices: false, obstacle: false, renames: false });
  try {
    let calls = 1;
    // Until the first file is there.
    while (contents(scene.there)['t/a'] === undefined) {
      rmSync(scene.root, { recursive: true });
      write(scene.here, CONTENT);
      scene.die(calls++);
    }
    const journal = new MoveJournal(new NodeFileSystem(), scene.journal);
    assert.equal(journal.recover('/unrelated'), undefined);
    assert.equal(journal.recover(scene.there), undefined);
    assert.equal(scene.recover(), undefined, 'it is not taken away from there any more');
    assert.equal(contents(scene.there)['t/a'], 'one');
  } finally {
    scene.close();
  }
});
