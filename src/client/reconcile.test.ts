import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '../base/bitfield.ts';
import { Geometry } from '../engine/torrent/geometry.ts';
import type { FileStamp } from './file-stamp.ts';
import { type FileLayout, type Reconciliation, reconcile as reconcileStats, type SavedState } from './reconcile.ts';

const PIECE_BYTES = 100;

function layoutOf(...lengths: (number | { pad: number })[]): FileLayout {
  let offset = 0;
  const files = lengths.map((entry, index) => {
    const length = typeof entry === 'number' ? entry : entry.pad;
    const file = { path: `file ${offset} ${length} ${index}`, offset, length, pad: typeof entry !== 'number' };
    offset += length;
    return file;
  });
  return { geometry: new Geometry(offset, PIECE_BYTES), files };
}

/** The tests say what is on disk in stamps, the host in stats. */
function reconcile(
  torrent: FileLayout,
  saved: SavedState | undefined,
  stamps: readonly (FileStamp | undefined)[],
): Reconciliation {
  const stats = torrent.files.map((_, index) => {
    const now = stamps[index];
    return now && { size: now.sizeBytes, mtimeMs: now.mtimeUs / 1000 };
  });
  return reconcileStats(torrent, saved, stats);
}

function pieces(field: Bitfield): number[] {
  return Array.from({ length: field.length }, (_, piece) => piece).filter((piece) => field.has(piece));
}

function shown(result: Reconciliation): { have: number[]; recheck: number[] } {
  return { have: pieces(result.have), recheck: pieces(result.recheck) };
}

function savedWith(layout: FileLayout, had: number[], stamps: (FileStamp | undefined)[]): SavedState {
  const have = new Bitfield(layout.geometry.pieceCount);
  for (const piece of had) have.add(piece);
  return { have, stamps };
}

const stamp = (sizeBytes: number, mtimeUs = 1000): FileStamp => ({ sizeBytes, mtimeUs });

// Pieces 0-1 in file a, piece 2 in a and b, piece 3 in b, piece 4 in b and c, piece 5 in c.
const layout = layoutOf(250, 200, 100);
const whole = [stamp(250), stamp(200), stamp(100)];
const all = [0, 1, 2, 3, 4, 5];

test('nothing on disk and no resume data: nothing is had and nothing is hashed', () => {
  assert.deepEqual(shown(reconcile(layout, undefined, [undefined, undefined, undefined])), { have: [], recheck: [] });
});

test('unchanged files: exactly what the resume data says, without hashing', () => {
  assert.deepEqual(shown(reconcile(layout, savedWith(layout, [0, 2, 5], whole), whole)), {
    have: [0, 2, 5],
    recheck: [],
  });
});

test('files without resume data are hashed', () => {
  assert.deepEqual(shown(reconcile(layout, undefined, whole)), { have: [], recheck: all });
});

test('a file without resume data vouches for no piece that another file lacks', () => {
  assert.deepEqual(shown(reconcile(layout, undefined, [stamp(250), undefined, undefined])), {
    have: [],
    recheck: [0, 1],
  });
});

test('an empty file without resume data gives nothing to hash', () => {
  assert.deepEqual(shown(reconcile(layout, undefined, [stamp(0), undefined, undefined])), { have: [], recheck: [] });
});

test('a file that vanished takes its pieces with it, those it shares too', () => {
  const result = reconcile(layout, savedWith(layout, all, whole), [whole[0], undefined, whole[2]]);
  assert.deepEqual(shown(result), { have: [0, 1, 5], recheck: [] });
});

test('another time: every piece that touches the file is hashed, had or not', () => {
  const now = [whole[0], stamp(200, 2000), whole[2]];
  assert.deepEqual(shown(reconcile(layout, savedWith(layout, [0, 1, 2, 5], whole), now)), {
    have: [0, 1, 5],
    recheck: [2, 3, 4],
  });
});

test('another size with the same time counts as changed', () => {
  const now = [stamp(251), whole[1], whole[2]];
  assert.deepEqual(shown(reconcile(layout, savedWith(layout, all, whole), now)), {
    have: [3, 4, 5],
    recheck: [0, 1, 2],
  });
});

test('a time that went back counts as changed', () => {
  const now = [stamp(250, 1), whole[1], whole[2]];
  assert.deepEqual(shown(reconcile(layout, savedWith(layout, all, whole), now)).recheck, [0, 1, 2]);
});

test('what was cut off a file is neither trusted nor hashed', () => {
  const now = [stamp(120, 2000), whole[1], whole[2]];
  assert.deepEqual(shown(reconcile(layout, savedWith(layout, all, whole), now)), { have: [3, 4, 5], recheck: [0] });
});

test('a file that appeared since the resume data was saved is hashed', () => {
  const saved = savedWith(layout, [0, 1], [whole[0], undefined, undefined]);
  const now = [whole[0], stamp(150, 2000), undefined];
  assert.deepEqual(shown(reconcile(layout, saved, now)), { have: [0, 1], recheck: [2, 3] });
});

test('pad files and empty files are not looked for on disk', () => {
  const padded = layoutOf(50, { pad: 50 }, 0, 100);
  const stamps = [stamp(50), undefined, undefined, stamp(100)];
  assert.deepEqual(shown(reconcile(padded, savedWith(padded, [0, 1], stamps), stamps)), { have: [0, 1], recheck: [] });
  assert.deepEqual(shown(reconcile(padded, undefined, stamps)), { have: [], recheck: [0, 1] });
});

test('resume data of another shape is as good as none', () => {
  const fewerFiles = savedWith(layout, all, [stamp(250), stamp(200)]);
  assert.deepEqual(shown(reconcile(layout, fewerFiles, whole)), { have: [], recheck: all });
  const morePieces: SavedState = { have: new Bitfield(7), stamps: whole };
  assert.deepEqual(shown(reconcile(layout, morePieces, whole)), { have: [], recheck: all });
});

test('of a skipped file, only what the part-file can have is believed or hashed', () => {
  const parted = (mtimeMs: number) => [
    { path: layout.files[0]!.path, size: 250, mtimeMs: 1 },
    { path: layout.files[1]!.path, size: 700, mtimeMs, parted: true as const },
    { path: layout.files[2]!.path, size: 100, mtimeMs: 1 },
  ];
  const saved = savedWith(layout, [0, 1, 2, 5], [whole[0], stamp(700), whole[2]]);
  assert.deepEqual(shown(reconcileStats(layout, saved, parted(1))), { have: [0, 1, 2, 5], recheck: [] });
  assert.deepEqual(shown(reconcileStats(layout, saved, parted(2))), { have: [0, 1, 5], recheck: [2, 4] });
});

/** A disk whose clock ticks with every change, and a client that is killed at any moment. */
class Life {
  readonly layout: FileLayout;
  /** Pieces whose every byte on disk is right. */
  readonly onDisk: Set<number> = new Set();
  readonly stamps: (FileStamp | undefined)[];
  #have: Bitfield;
  #saved: SavedState | undefined;
  #clockUs = 1;

  constructor(lengths: number[]) {
    this.layout = layoutOf(...lengths);
    this.stamps = lengths.map(() => undefined);
    this.#have = new Bitfield(this.layout.geometry.pieceCount);
  }

  #filesOf(piece: number): number[] {
    const start = piece * PIECE_BYTES;
    return this.layout.files.flatMap((file, index) =>
      file.length > 0 && file.offset < start + PIECE_BYTES && file.offset + file.length > start ? [index] : [],
    );
  }

  #touch(index: number, sizeBytes: number): void {
    this.stamps[index] = { sizeBytes, mtimeUs: this.#clockUs++ };
  }

  write(pick: number): void {
    if (this.layout.geometry.pieceCount === 0) return;
    const piece = pick % this.layout.geometry.pieceCount;
    for (const index of this.#filesOf(piece)) {
      const file = this.layout.files[index]!;
      const end = Math.min((piece + 1) * PIECE_BYTES - file.offset, file.length);
      this.#touch(index, Math.max(end, this.stamps[index]?.sizeBytes ?? 0));
    }
    this.onDisk.add(piece);
    this.#have.add(piece);
  }

  /** Stamps first, then the had pieces; whatever `between` does happens in the gap. */
  save(between: () => void): void {
    const stamps = [...this.stamps];
    between();
    const have = Bitfield.fromBytes(this.#have.bytes, this.#have.length);
    assert.ok(have !== undefined);
    this.#saved = { have, stamps };
  }

  /** While the client is down, somebody else scribbles over a file, cuts it, or deletes it. */
  damage(pick: number, kind: 'scribble' | 'cut' | 'delete'): void {
    const index = pick % this.layout.files.length;
    const file = this.layout.files[index]!;
    const now = this.stamps[index];
    if (now === undefined || file.length === 0) return;
    if (kind === 'delete') this.stamps[index] = undefined;
    else this.#touch(index, kind === 'cut' ? Math.floor(now.sizeBytes / 2) : now.sizeBytes);
    for (const piece of this.onDisk) {
      const start = piece * PIECE_BYTES;
      const keptTo = kind === 'cut' ? file.offset + Math.floor(now.sizeBytes / 2) : file.offset;
      const touches = this.#filesOf(piece).includes(index);
      if (touches && Math.min(start + PIECE_BYTES, file.offset + file.length) > keptTo) this.onDisk.delete(piece);
    }
  }

  killedAndBack(): Reconciliation {
    return reconcile(this.layout, this.#saved, this.stamps);
  }

  /** The next start of the client: it knows what it may trust and what its recheck finds to be right. */
  restart(): void {
    const { have, recheck } = this.killedAndBack();
    for (const piece of pieces(recheck)) if (this.onDisk.has(piece)) have.add(piece);
    this.#have = have;
  }
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('write', 'write', 'write', 'save', 'scribble', 'cut', 'delete'),
    pick: fc.nat(1000),
    between: fc.option(fc.nat(1000)),
  }),
  { maxLength: 40 },
);

test('killed at any moment: nothing on disk is lost, and nothing that is not there is trusted', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 350 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(lengths, steps, (fileLengths, history) => {
      const life = new Life(fileLengths);
      for (const { kind, pick, between } of history) {
        if (kind === 'write') life.write(pick);
        else if (kind === 'save') life.save(() => (between === null ? undefined : life.write(between)));
        else {
          life.damage(pick, kind as 'scribble' | 'cut' | 'delete');
          life.restart();
        }
        const { have, recheck } = life.killedAndBack();
        for (const piece of life.onDisk) assert.ok(have.has(piece) || recheck.has(piece), `piece ${piece} is lost`);
        for (const piece of pieces(have)) assert.ok(life.onDisk.has(piece), `piece ${piece} is not on disk`);
        for (const piece of pieces(recheck)) assert.ok(!have.has(piece), `piece ${piece} is in both sets`);
      }
    }),
    { numRuns: 1000 },
  );
});

test('pieces that may not have reached the medium are rechecked, the others of the same file believed', () => {
  const layout = layoutOf(400);
  const unsettled = new Bitfield(4);
  for (const piece of [1, 3]) unsettled.add(piece);
  const saved = { ...savedWith(layout, [0, 1, 2], [stamp(400)]), unsettled };
  assert.deepEqual(shown(reconcile(layout, saved, [stamp(400)])), { have: [0, 2], recheck: [1, 3] });
  assert.deepEqual(shown(reconcile(layout, saved, [stamp(100)])), { have: [], recheck: [0] });
});
