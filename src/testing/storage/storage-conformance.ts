// What every StoragePort must do, whatever is under it and however it is told to work. Run against the real disk in all its
// ways, against memory, against the simulator's disk, and against a disk that fails.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  STORED_CORRUPT,
  STORED_FAILED,
  STORED_PART,
  STORED_VERIFIED,
  type StoragePort,
  type StorageSink,
  type StoreId,
} from '../../engine/ports.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex, RUN_BLOCKS } from '../../engine/torrent/geometry.ts';
import type { StoreLayout } from '../../host/disk/store-layout.ts';
import { Arena } from '../../host/memory/arena.ts';
import { SeededRandom } from '../seeded-random.ts';
import { RunLoader, runsOf } from './run-loader.ts';
import { type SampleFile, type SampleTorrent, sampleTorrent } from './sample-torrent.ts';
import { StorageRecorder, type StoredRun } from './storage-recorder.ts';

/** A storage under test. */
interface StorageSubject {
  readonly storage: StoragePort;
  /** Folder for the layout. */
  readonly directory: string;
  open(layout: StoreLayout): Promise<StoreId>;
  /** What a file holds now, `undefined` when it does not exist. */
  fileBytes(store: StoreId, path: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

export interface StorageTraits {
  /** Nothing but whole verified blocks is read: what is kept of a block is a number. */
  readonly wholeBlocks?: boolean;
  /** Files have all their zeros from the start. */
  readonly preallocates?: boolean;
}

export type StorageMaker = (arena: Arena, sink: StorageSink) => Promise<StorageSubject>;

const KIB = 1024;
const MIB = 1024 * KIB;

/** Shapes that have broken clients before. */
const SHAPES: readonly (readonly [name: string, pieceBytes: number, files: readonly SampleFile[]])[] = [
  ['a single file with a short last piece', 32 * KIB, [['single.bin', 100_001]]],
  [
    'a piece length that is no multiple of a block',
    20_000,
    [
      ['a/one', 70_001],
      ['a/two', 5],
      ['b', 39_999],
    ],
  ],
  [
    'pieces of several runs with a short last run',
    3 * MIB + 16 * KIB,
    [
      ['x', 4 * MIB],
      ['y/z', 3 * MIB + 7],
    ],
  ],
  [
    '2,000 small files in one piece',
    1 * MIB,
    Array.from({ length: 2000 }, (_, i) => [`d${i % 7}/f${i}`, i % 613] as const),
  ],
  [
    'empty files at the start, in the middle and at the end',
    16 * KIB,
    [
      ['e0', 0],
      ['a', 20_000],
      ['e1', 0],
      ['e2', 0],
      ['b', 9],
      ['e3', 0],
    ],
  ],
  [
    'pad files',
    32 * KIB,
    [
      ['a', 30_000],
      ['.pad/2768', 2768, 'pad'],
      ['b', 65_537],
      ['.pad/32767', 32_767, 'pad'],
      ['c', 1],
    ],
  ],
];

function shuffled<T>(values: readonly T[], seed: number): T[] {
  const random = new SeededRandom(seed);
  const result = [...values];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random.next() * (index + 1));
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}

/** For every piece exactly one run, the last reported, says VERIFIED; all others say PART. */
function assertVerified(stored: readonly StoredRun[], geometry: Geometry): void {
  const seen = new Map<number, number>();
  for (const { piece, outcome } of stored) {
    const count = (seen.get(piece) ?? 0) + 1;
    seen.set(piece, count);
    const expected = count === geometry.runsIn(piece as PieceIndex) ? STORED_VERIFIED : STORED_PART;
    assert.equal(outcome, expected, `outcome of report ${count} of piece ${piece}`);
  }
  assert.equal(seen.size, geometry.pieceCount);
}

async function withSubject(make: StorageMaker, body: (subject: StorageSubject, bench: Bench) => Promise<void>) {
  const arena = new Arena(RUN_BLOCKS * 16);
  const sink = new StorageRecorder();
  const subject = await make(arena, sink);
  try {
    await body(subject, { arena, sink });
  } finally {
    await subject.close();
  }
}

interface Bench {
  readonly arena: Arena;
  readonly sink: StorageRecorder;
}

async function storeAll(subject: StorageSubject, bench: Bench, torrent: SampleTorrent, seed: number) {
  const store = await subject.open(torrent.layout);
  const loader = new RunLoader(bench.arena, torrent);
  const runs = shuffled(runsOf(torrent.geometry), seed);
  const batchRuns = 8;
  for (let start = 0; start < runs.length; start += batchRuns) {
    const batch = runs.slice(start, start + batchRuns).flatMap(([piece, run]) => loader.load(store, piece, run));
    subject.storage.storeRuns(Int32Array.from(batch), batch.length / 4);
    // The arena is small: its places come free with the report.
    await bench.sink.storedRuns(Math.min(runs.length, start + batchRuns));
  }
  return store;
}

export function describeStorage(name: string, make: StorageMaker, traits: StorageTraits = {}): void {
  for (const [shape, pieceBytes, files] of SHAPES) {
    test(`${name}: stores ${shape}, runs in any order`, async () => {
      await withSubject(make, async (subject, bench) => {
        const torrent = sampleTorrent(subject.directory, pieceBytes, files);
        const store = await storeAll(subject, bench, torrent, pieceBytes);
        assertVerified(bench.sink.stored, torrent.geometry);
        assert.deepEqual(bench.sink.errors, []);
        for (const [path, , pad] of files) {
          const found = await subject.fileBytes(store, path);
          if (pad === 'pad') assert.equal(found, undefined, `${path} is a pad file and must not exist`);
          else assert.deepEqual(found, torrent.fileBytes(path), path);
        }
      });
    });
  }
  describeReads(name, make, traits);
  if (!traits.wholeBlocks && !traits.preallocates) describeMissing(name, make);
  describeRefusals(name, make, traits);
  describeWitness(name, make);
}

function describeReads(name: string, make: StorageMaker, { wholeBlocks = false }: StorageTraits): void {
  test(`${name}: reads blocks into their places, also across files`, async () => {
    await withSubject(make, async (subject, bench) => {
      const torrent = sampleTorrent(subject.directory, 20_000, [
        ['a', 30_001],
        ['.pad/3', 3, 'pad'],
        ['c', 59_996],
      ]);
      const store = await storeAll(subject, bench, torrent, 1);
      bench.arena.frames.bytes.fill(0xee);
      const whole = [
        [0, 0, 16_384],
        [0, 16_384, 3616],
        [2, 0, 16_384],
      ] as const;
      const parts = [
        [1, 5, 16_384],
        [2, 0, 1],
        [4, 9999, 1],
      ] as const;
      const asked = wholeBlocks ? whole : [...whole, ...parts];
      const batch = asked.flatMap(([piece, begin, length], ticket) => [
        store,
        piece,
        begin,
        length,
        ticket * 2,
        ticket + 70,
      ]);
      subject.storage.readBlocks(Int32Array.from(batch), asked.length);
      const reads = await bench.sink.readBlocks(asked.length);
      assert.deepEqual(new Set(reads.map(({ ticket }) => ticket)), new Set(asked.map((_, index) => index + 70)));
      assert.ok(reads.every(({ ok }) => ok));
      for (const [index, [piece, begin, length]] of asked.entries()) {
        const expected = torrent.payload.subarray(piece * 20_000 + begin, piece * 20_000 + begin + length);
        assert.deepEqual(bench.arena.frames.slice(index * 2, length), expected.slice());
        assert.equal(
          bench.arena.frames.slice(index * 2, length + 1)[length],
          0xee,
          'nothing is written behind a block',
        );
      }
    });
  });
}

function describeMissing(name: string, make: StorageMaker): void {
  test(`${name}: a block that is not on disk is a failed read, never zeros`, async () => {
    await withSubject(make, async (subject, bench) => {
      const torrent = sampleTorrent(subject.directory, 16 * KIB, [['a', 40_000]]);
      const store = await subject.open(torrent.layout);
      bench.arena.frames.block(0).fill(0xee);
      subject.storage.readBlocks(Int32Array.of(store, 1, 0, BLOCK_BYTES, 0, 5), 1);
      assert.deepEqual(await bench.sink.readBlocks(1), [{ ticket: 5, ok: false }]);
      assert.equal(bench.sink.errors[0]?.code, 'ERR_STORAGE_CHANGED');
      assert.deepEqual(bench.sink.order, ['failed', 'read'], 'the reason comes before the result');
    });
  });
}

function describeRefusals(name: string, make: StorageMaker, { preallocates = false }: StorageTraits): void {
  test(`${name}: a corrupt piece of one run is reported and not written`, async () => {
    await withSubject(make, async (subject, bench) => {
      const torrent = sampleTorrent(subject.directory, 16 * KIB, [
        ['a', 16 * KIB],
        ['b', 16 * KIB],
      ]);
      const store = await subject.open(torrent.layout);
      const loader = new RunLoader(bench.arena, torrent);
      const batch = [...loader.load(store, 0, 0), ...loader.load(store, 1, 0)];
      bench.arena.frames.block(batch[3]!)[100]! ^= 1;
      subject.storage.storeRuns(Int32Array.from(batch), 2);
      const outcomes = new Map((await bench.sink.storedRuns(2)).map(({ piece, outcome }) => [piece, outcome]));
      assert.deepEqual(
        outcomes,
        new Map([
          [0, STORED_CORRUPT],
          [1, STORED_VERIFIED],
        ]),
      );
      const before = preallocates ? new Uint8Array(16 * KIB) : undefined;
      assert.deepEqual(await subject.fileBytes(store, 'a'), before);
    });
  });

  test(`${name}: a corrupt piece of several runs is reported with its last run, and can be stored again`, async () => {
    await withSubject(make, async (subject, bench) => {
      const torrent = sampleTorrent(subject.directory, 2 * MIB + 5, [['a', 2 * MIB + 5]]);
      const store = await subject.open(torrent.layout);
      const loader = new RunLoader(bench.arena, torrent);
      for (const [attempt, last] of [STORED_CORRUPT, STORED_VERIFIED].entries()) {
        bench.sink.clear();
        const batch = [2, 0, 1].flatMap((run) => loader.load(store, 0, run));
        if (attempt === 0) bench.arena.frames.block(batch[3]!)[0]! ^= 1;
        subject.storage.storeRuns(Int32Array.from(batch), 3);
        const outcomes = (await bench.sink.storedRuns(3)).map(({ outcome }) => outcome);
        assert.deepEqual(outcomes, [STORED_PART, STORED_PART, last]);
      }
      assert.deepEqual(await subject.fileBytes(store, 'a'), torrent.fileBytes('a'));
    });
  });

  test(`${name}: a forgotten piece is stored again from its first run`, async () => {
    await withSubject(make, async (subject, bench) => {
      const torrent = sampleTorrent(subject.directory, 2 * MIB, [['a', 2 * MIB]]);
      const store = await subject.open(torrent.layout);
      const loader = new RunLoader(bench.arena, torrent);
      subject.storage.storeRuns(Int32Array.from(loader.load(store, 0, 1)), 1);
      subject.storage.forgetPiece(store, 0);
      subject.storage.storeRuns(Int32Array.from([...loader.load(store, 0, 0), ...loader.load(store, 0, 1)]), 2);
      const outcomes = (await bench.sink.storedRuns(3)).map(({ outcome }) => outcome);
      assert.deepEqual(outcomes, [STORED_PART, STORED_PART, STORED_VERIFIED]);
    });
  });

  test(`${name}: reads its batch at once, so that the caller may use it again`, async () => {
    await withSubject(make, async (subject, bench) => {
      const torrent = sampleTorrent(subject.directory, 16 * KIB, [['a', 48 * KIB]]);
      const store = await subject.open(torrent.layout);
      const loader = new RunLoader(bench.arena, torrent);
      const batch = new Int32Array(40).fill(-1);
      for (let piece = 0; piece < 3; piece++) {
        batch.set(loader.load(store, piece, 0));
        subject.storage.storeRuns(batch, 1);
        batch.fill(-1);
      }
      assertVerified(await bench.sink.storedRuns(3), torrent.geometry);
    });
  });
}

function describeWitness(name: string, make: StorageMaker): void {
  for (const [what, pieceBytes, bad, blocks] of [
    ['one run', 64 * KIB, [0, 20_000, 65_535], [0, 1, 3]],
    ['several runs', 2 * MIB + 5, [3, MIB - 1, MIB + BLOCK_BYTES, 2 * MIB + 4], [0, 63, 65, 128]],
  ] as const) {
    test(`${name}: a piece of ${what} that is verified at last tells which blocks of its failed versions differ`, async () => {
      await withSubject(make, async (subject, bench) => {
        const torrent = sampleTorrent(subject.directory, pieceBytes, [
          ['a', 40_000],
          ['b', pieceBytes - 40_000],
        ]);
        const store = await subject.open(torrent.layout);
        const runs = torrent.geometry.runsIn(0 as PieceIndex);
        const loader = new RunLoader(bench.arena, torrent);
        for (const [attempt, spoilt] of [bad, bad.slice(0, 1), []].entries()) {
          // Every run in a batch of its own, so that the earlier ones are on disk alone; and the last one first.
          for (let count = 0; count < runs; count++) {
            const run = (count + runs - 1) % runs;
            const record = loader.load(store, 0, run);
            for (const offset of spoilt) {
              if (Math.floor(offset / MIB) !== run) continue;
              const place = record[3]! + Math.floor((offset % MIB) / BLOCK_BYTES);
              bench.arena.frames.block(place)[offset % BLOCK_BYTES]! ^= 1;
            }
            subject.storage.storeRuns(Int32Array.from(record), 1);
            await bench.sink.storedRuns(attempt * runs + count + 1);
          }
        }
        assert.equal(bench.sink.stored.at(-1)!.outcome, STORED_VERIFIED);
        assert.deepEqual(bench.sink.differences, [...blocks.map((block) => [0, 0, block]), [0, 1, blocks[0]]]);
        assert.equal(bench.sink.order.lastIndexOf('stored'), bench.sink.order.length - 1, 'the verdict comes first');
      });
    });
  }
}

/** A storage that a test can fill up. */
export interface FillableSubject extends StorageSubject {
  setFull(full: boolean): void;
}

/** What a storage does when there is no space left. */
export function describeFullStorage(
  name: string,
  make: (...args: Parameters<StorageMaker>) => Promise<FillableSubject>,
): void {
  test(`${name}: a run that is refused has its reason first, and its piece is stored anew when there is space`, async () => {
    let setFull: FillableSubject['setFull'] = () => undefined;
    const maker: StorageMaker = async (arena, sink) => {
      const subject = await make(arena, sink);
      setFull = (full) => subject.setFull(full);
      return subject;
    };
    await withSubject(maker, async (subject, bench) => {
      const torrent = sampleTorrent(subject.directory, 3 * MIB, [['a', 3 * MIB]]);
      const store = await subject.open(torrent.layout);
      const loader = new RunLoader(bench.arena, torrent);
      subject.storage.storeRuns(Int32Array.from(loader.load(store, 0, 0)), 1);
      await bench.sink.storedRuns(1);
      setFull(true);
      subject.storage.storeRuns(Int32Array.from(loader.load(store, 0, 1)), 1);
      assert.equal((await bench.sink.storedRuns(2))[1]!.outcome, STORED_FAILED);
      assert.deepEqual(bench.sink.order, ['stored', 'failed', 'stored']);
      assert.equal(bench.sink.errors[0]?.code, 'ERR_STORAGE_FULL');
      setFull(false);
      subject.storage.storeRuns(Int32Array.from([0, 1, 2].flatMap((run) => loader.load(store, 0, run))), 3);
      const again = (await bench.sink.storedRuns(5)).slice(2).map(({ outcome }) => outcome);
      assert.deepEqual(again, [STORED_PART, STORED_PART, STORED_VERIFIED]);
      assert.deepEqual(await subject.fileBytes(store, 'a'), torrent.fileBytes('a'));
    });
  });
}
