// The loop of a disk worker without its thread: what waits at the port is then known, and so is what it makes of it.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { STORED_PART, STORED_VERIFIED } from '../../engine/ports.ts';
import { RunLoader } from '../../testing/storage/run-loader.ts';
import { type SampleFile, type SampleTorrent, sampleTorrent } from '../../testing/storage/sample-torrent.ts';
import { Arena } from '../memory/arena.ts';
import { COUNT_READ_BACK_BYTES, COUNT_WRITE_CALLS, counterMemory, counterRow } from './disk-counters.ts';
import type { DiskWorkerData, FromDiskWorker, ToDiskWorker } from './disk-messages.ts';
import { NodeFileSystem } from './file-system.ts';
import { WorkerLoop } from './worker-loop.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const STORE = 3;

class Rig {
  readonly sent: FromDiskWorker[] = [];
  readonly torrent: SampleTorrent;
  readonly arena = new Arena(8 * 64);
  readonly loader: RunLoader;
  readonly counters: Float64Array;
  readonly #waiting: ToDiskWorker[] = [];
  readonly #loop: WorkerLoop;

  constructor(directory: string, pieceBytes: number, files: readonly SampleFile[]) {
    this.torrent = sampleTorrent(directory, pieceBytes, files);
    this.loader = new RunLoader(this.arena, this.torrent);
    const counters = counterMemory(1);
    this.counters = counterRow(counters, 0);
    const data: DiskWorkerData = {
      arena: this.arena.shared,
      counters,
      worker: 0,
      openFilesMax: 8,
      profile: false,
      hashing: 'auto',
    };
    this.#loop = new WorkerLoop(data, new NodeFileSystem(), {
      receive: () => this.#waiting.shift(),
      send: (message) => this.sent.push(message),
    });
    const { layout } = this.torrent;
    this.work(
      { kind: 'call', id: 0, call: { name: 'prepare', layout, look: false } },
      { kind: 'store', store: STORE, layout },
    );
    this.sent.length = 0;
  }

  /** The first message wakes the loop, the others wait at its port. */
  work(first: ToDiskWorker, ...waiting: ToDiskWorker[]): void {
    this.#waiting.push(...waiting);
    this.#loop.work(first);
  }

  runs(...runs: readonly (readonly [piece: number, run: number])[]): ToDiskWorker {
    return {
      kind: 'runs',
      batch: Int32Array.from(runs.flatMap(([piece, run]) => this.loader.load(STORE, piece, run))),
    };
  }

  /** What was sent, in short: kinds, and `piece/run=outcome` of runs. */
  trace(): string[] {
    return this.sent.flatMap((message) => {
      if (message.kind !== 'stored') return [message.kind];
      const records = Array.from({ length: message.batch.length / 4 }, (_, index) => index * 4);
      return records.map((at) => `${message.batch[at + 1]}/${message.batch[at + 2]}=${message.batch[at + 3]}`);
    });
  }

  close(): void {
    this.work({ kind: 'call', id: 9, call: { name: 'exit' } });
  }
}

async function withRig(pieceBytes: number, files: readonly SampleFile[], body: (rig: Rig) => void | Promise<void>) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-loop-'));
  const rig = new Rig(directory, pieceBytes, files);
  try {
    await body(rig);
  } finally {
    rig.close();
    await rm(directory, { recursive: true });
  }
}

test('neighbours that came in several batches and in any order leave in one call', async () => {
  await withRig(16 * KIB, [['a', MIB]], async (rig) => {
    rig.work(rig.runs([5, 0], [2, 0]), rig.runs([3, 0]), rig.runs([4, 0], [1, 0]));
    assert.equal(rig.counters[COUNT_WRITE_CALLS], 1);
    assert.deepEqual(
      rig.trace(),
      [1, 2, 3, 4, 5].map((piece) => `${piece}/0=${STORED_VERIFIED}`),
    );
    const found = await readFile(path.join(rig.torrent.layout.directory, 'a'));
    assert.deepEqual(found.subarray(16 * KIB, 96 * KIB), Buffer.from(rig.torrent.payload.subarray(16 * KIB, 96 * KIB)));
  });
});

test('a piece over many files takes one call a file, and none for its pad files', async () => {
  const files = Array.from({ length: 300 }, (_, index): SampleFile => {
    return index % 3 === 2 ? [`f${index}`, 40, 'pad'] : [`f${index}`, 40];
  });
  await withRig(16 * KIB, files, (rig) => {
    rig.work(rig.runs([0, 0]));
    assert.equal(rig.counters[COUNT_WRITE_CALLS], 200);
  });
});

test('runs in order are hashed as they come; nothing is read back', async () => {
  await withRig(3 * MIB, [['a', 3 * MIB]], (rig) => {
    for (const run of [0, 1, 2]) rig.work(rig.runs([0, run]));
    assert.deepEqual(rig.trace(), [`0/0=${STORED_PART}`, `0/1=${STORED_PART}`, `0/2=${STORED_VERIFIED}`]);
    assert.equal(rig.counters[COUNT_READ_BACK_BYTES], 0);
  });
});

test('runs out of order that wait together are put in order; nothing is read back', async () => {
  await withRig(3 * MIB, [['a', 3 * MIB]], (rig) => {
    rig.work(rig.runs([0, 2]), rig.runs([0, 0]), rig.runs([0, 1]));
    assert.equal(rig.trace().at(-1), `0/2=${STORED_VERIFIED}`);
    assert.equal(rig.counters[COUNT_READ_BACK_BYTES], 0);
  });
});

test('a run that comes before its predecessors is read back once, when its turn comes', async () => {
  await withRig(
    3 * MIB + 5,
    [
      ['a', MIB + 7],
      ['b', 2 * MIB - 2],
    ],
    (rig) => {
      for (const run of [1, 3, 2]) rig.work(rig.runs([0, run]));
      assert.equal(rig.counters[COUNT_READ_BACK_BYTES], 0);
      rig.work(rig.runs([0, 0]));
      assert.equal(rig.trace().at(-1), `0/0=${STORED_VERIFIED}`);
      assert.equal(rig.counters[COUNT_READ_BACK_BYTES], 2 * MIB + 5);
    },
  );
});

test('reads go before writes that wait', async () => {
  await withRig(16 * KIB, [['a', 8 * MIB]], (rig) => {
    rig.work(rig.runs([0, 0]));
    rig.sent.length = 0;
    rig.work(rig.runs([1, 0], [2, 0]), { kind: 'reads', batch: Int32Array.of(STORE, 0, 0, 1000, 0, 1) });
    assert.deepEqual(rig.trace(), ['read', `1/0=${STORED_VERIFIED}`, `2/0=${STORED_VERIFIED}`]);
  });
});

test('a call waits for what came before it, and what comes after waits for the call', async () => {
  await withRig(16 * KIB, [['a', MIB]], (rig) => {
    const flush: ToDiskWorker = { kind: 'call', id: 4, call: { name: 'flush' } };
    rig.work(rig.runs([2, 0]), rig.runs([1, 0]), flush, rig.runs([0, 0]));
    assert.deepEqual(rig.trace(), [
      `1/0=${STORED_VERIFIED}`,
      `2/0=${STORED_VERIFIED}`,
      'answer',
      `0/0=${STORED_VERIFIED}`,
    ]);
  });
});

test('a piece is forgotten after the runs that came before, not in their midst', async () => {
  await withRig(2 * MIB, [['a', 2 * MIB]], (rig) => {
    const forget: ToDiskWorker = { kind: 'forget', store: STORE, piece: 0 };
    rig.work(rig.runs([0, 0]), forget, rig.runs([0, 0]), rig.runs([0, 1]));
    assert.deepEqual(rig.trace(), [`0/0=${STORED_PART}`, `0/0=${STORED_PART}`, `0/1=${STORED_VERIFIED}`]);
  });
});

test('a run that is stored twice is a bug, and loud', async () => {
  await withRig(2 * MIB, [['a', 2 * MIB]], (rig) => {
    rig.work(rig.runs([0, 0]));
    assert.throws(() => rig.work(rig.runs([0, 0])), /assertion failed: run 0 of a piece is stored once/);
  });
});

test('what is hashed together is reported in slices, so that its memory comes back while the rest is written', async () => {
  await withRig(MIB, [['a', 8 * MIB]], async (rig) => {
    const { sent, torrent } = rig;
    rig.work(rig.runs(...Array.from({ length: 8 }, (_, piece) => [piece, 0] as const)));
    assert.deepEqual(
      sent.map((message) => (message.kind === 'stored' ? message.batch.length / 4 : message.kind)),
      [3, 3, 2],
    );
    assert.deepEqual(
      rig.trace(),
      Array.from({ length: 8 }, (_, piece) => `${piece}/0=${STORED_VERIFIED}`),
    );
    const stored = await readFile(path.join(torrent.layout.directory, 'a'));
    assert.equal(stored.length, 8 * MIB);
  });
});
