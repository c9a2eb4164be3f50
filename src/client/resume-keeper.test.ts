// The order of saves, the counts of earlier runs, and what a failure leaves behind.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../base/bitfield.ts';
import { StorageError } from '../base/errors.ts';
import type { InfoHash } from '../protocol/metainfo/info-hash.ts';
import { SAVE_COUNTS_MS } from './limits.ts';
import type { ResumeData } from './resume-data.ts';
import { ResumeKeeper, type Standing } from './resume-keeper.ts';
import type { ResumeStore } from './resume-store.ts';

const STANDING: Standing = {
  have: new Bitfield(1),
  stamps: [],
  priorities: new Uint8Array(0),
  uploadedBytes: 10,
  downloadedBytes: 20,
} as unknown as Standing;

class Scene {
  readonly log: string[] = [];
  readonly saved: ResumeData[] = [];
  readonly warnings: string[] = [];
  facts: unknown[] = [1];
  counts: number[] = [0];
  directory = '/somewhere';
  /** What the store does with the next saves, in order; then it succeeds at once. */
  readonly outcomes: (() => Promise<void>)[] = [];
  earlier: ResumeData | undefined;
  readonly keeper: ResumeKeeper;

  constructor() {
    const store = {
      load: async () => this.earlier,
      save: async (data: ResumeData) => {
        this.log.push('begin');
        this.saved.push(data);
        await this.outcomes.shift()?.();
        this.log.push('end');
      },
      remove: async () => void this.log.push('removed'),
    };
    this.keeper = new ResumeKeeper({
      store: store as unknown as ResumeStore,
      infoHash: 'a'.repeat(40) as InfoHash,
      directory: () => this.directory,
      warn: ({ code }) => void this.warnings.push(code),
      standing: async () => STANDING,
      marks: () => ({ facts: this.facts, counts: this.counts }),
      settle: async () => undefined,
    });
  }
}

test('a save begins when the one before has ended, and forgetting waits for all', async () => {
  const scene = new Scene();
  let release = (): void => undefined;
  scene.outcomes.push(() => new Promise((resolve) => (release = resolve)));
  const first = scene.keeper.save();
  await new Promise((resolve) => setImmediate(resolve));
  scene.facts = [2];
  const second = scene.keeper.save();
  const gone = scene.keeper.forget();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(scene.log, ['begin']);
  release();
  await Promise.all([first, second, gone]);
  assert.deepEqual(scene.log, ['begin', 'end', 'begin', 'end', 'removed']);
});

test('counts add up over runs', async () => {
  const scene = new Scene();
  scene.earlier = { uploadedBytes: 100, downloadedBytes: 200, addedMs: 7 } as ResumeData;
  await scene.keeper.load();
  await scene.keeper.save();
  const [data] = scene.saved;
  assert.deepEqual([data!.uploadedBytes, data!.downloadedBytes, data!.addedMs], [110, 220, 7]);
});

test('a disk that refuses is a warning; any other failure is told to its caller and stops no later save', async () => {
  const scene = new Scene();
  scene.outcomes.push(() => Promise.reject(new StorageError('ERR_RESUME_SAVE', 'full')));
  scene.outcomes.push(() => Promise.reject(new TypeError('a bug')));
  // What could not be saved is still to be saved, though nothing changed since.
  await scene.keeper.save();
  assert.deepEqual(scene.warnings, ['ERR_RESUME_SAVE']);
  await assert.rejects(scene.keeper.save(), TypeError);
  await scene.keeper.save();
  assert.equal(scene.saved.length, 3);
});

test('what has not changed is not saved again, wherever the wish comes from', async () => {
  const scene = new Scene();
  await scene.keeper.save();
  await scene.keeper.save();
  await scene.keeper.keepUp(performance.now());
  assert.equal(scene.saved.length, 1);
  scene.facts = [2];
  await scene.keeper.save();
  assert.equal(scene.saved.length, 2);
  scene.counts = [1];
  await scene.keeper.save();
  assert.equal(scene.saved.length, 3, 'counts alone are worth a save that is asked for');
  scene.directory = '/elsewhere';
  await scene.keeper.save();
  assert.equal(scene.saved.length, 4, 'another folder has another file');
});

test('what was loaded and confirmed is not saved before it changes', async () => {
  const scene = new Scene();
  scene.keeper.confirm(0);
  await scene.keeper.save();
  assert.equal(scene.saved.length, 0);
  await scene.keeper.load();
  await scene.keeper.save();
  assert.equal(scene.saved.length, 1, 'loaded anew, nothing is known');
});

test('facts are kept up with at once, byte counts when the last save is old', async () => {
  const scene = new Scene();
  scene.keeper.confirm(0);
  scene.counts = [5];
  await scene.keeper.keepUp(SAVE_COUNTS_MS - 1);
  assert.equal(scene.saved.length, 0);
  await scene.keeper.keepUp(SAVE_COUNTS_MS);
  assert.equal(scene.saved.length, 1);
  scene.facts = [2];
  await scene.keeper.keepUp(0);
  assert.equal(scene.saved.length, 2);
});
