import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '../../base/bitfield.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { RANDOM_FIRST_PIECES } from './limits.ts';
import { PeerPieces } from './peer-pieces.ts';
import { PiecePicker, PRIORITY_HIGH, PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_SKIP } from './piece-picker.ts';

function bits(length: number, members: Iterable<number>): Bitfield {
  const field = new Bitfield(length);
  for (const member of members) field.add(member);
  return field;
}

function everyPiece(length: number): PeerPieces {
  const pieces = new PeerPieces(new Bitfield(length));
  pieces.have.fill();
  return pieces;
}

/** A picker past its random first pieces: the last four are had. */
function pickerFor(pieceCount: number, seed = 1): PiecePicker {
  const picker = new PiecePicker(pieceCount + RANDOM_FIRST_PIECES, new SeededRandom(seed));
  for (let i = 0; i < RANDOM_FIRST_PIECES; i++) picker.markHad((pieceCount + i) as PieceIndex);
  return picker;
}

/** The slow and obvious way to know what a picker may answer. */
class NaivePicker {
  readonly priority: number[];
  readonly had = new Set<number>();
  readonly active = new Set<number>();
  readonly awaited = new Set<number>();
  /** Oldest first. */
  readonly failed = new Map<number, number>();
  readonly peers: PeerPieces[] = [];
  sequential = false;

  constructor(pieceCount: number) {
    this.priority = new Array(pieceCount).fill(PRIORITY_NORMAL);
  }

  wants(piece: number): boolean {
    return this.priority[piece] !== PRIORITY_SKIP && !this.had.has(piece);
  }

  isPickable(piece: number): boolean {
    return this.wants(piece) && !this.active.has(piece) && !this.awaited.has(piece);
  }

  availability(piece: number): number {
    return this.peers.filter((peer) => peer.have.has(piece)).length;
  }

  /** All pieces that are right to begin with this peer. */
  candidates(peer: PeerPieces): number[] {
    let pieces = this.priority.map((_, piece) => piece);
    pieces = pieces.filter((piece) => this.isPickable(piece) && peer.have.has(piece));
    for (const piece of this.failed.keys()) if (pieces.includes(piece)) return [piece];
    const highest = Math.max(...pieces.map((piece) => this.priority[piece]!));
    pieces = pieces.filter((piece) => this.priority[piece] === highest);
    if (this.sequential) return pieces.slice(0, 1);
    if (this.had.size < RANDOM_FIRST_PIECES) return pieces;
    const rarest = Math.min(...pieces.map((piece) => this.availability(piece)));
    return pieces.filter((piece) => this.availability(piece) === rarest);
  }
}

test('after any history the picker answers as a naive model does', () => {
  const kinds = [
    'join',
    'have',
    'have',
    'have',
    'have-not',
    'leave',
    'pick',
    'pick',
    'pick',
    'abandon',
    'fail',
    'await',
    'had',
    'priority',
    'lost',
    'mode',
  ];
  const command = fc.record({ kind: fc.constantFrom(...kinds), a: fc.nat(), b: fc.nat() });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      fc.array(command, { maxLength: 200, size: 'max' }),
      (pieceCount, seed, commands) => {
        const picker = new PiecePicker(pieceCount, new SeededRandom(seed));
        const model = new NaivePicker(pieceCount);
        picker.window = 1 + (seed % 5);
        for (const { kind, a, b } of commands) {
          const piece = (a % pieceCount) as PieceIndex;
          const peer = model.peers[b % Math.max(1, model.peers.length)];
          if (kind === 'join') {
            const some = Array.from({ length: pieceCount }, (_, at) => at).filter(
              (at) => (a >> (at % 20)) & 1 || b % 3 === 0,
            );
            const joined = new PeerPieces(bits(pieceCount, some));
            picker.join(joined);
            model.peers.push(joined);
          } else if (kind === 'priority') {
            picker.setPriority(piece, b % 4);
            model.priority[piece] = b % 4;
          } else if (kind === 'lost') {
            picker.markLost(piece);
            model.had.delete(piece);
          } else if (kind === 'had') {
            picker.markHad(piece);
            model.had.add(piece);
            model.active.delete(piece);
            model.failed.delete(piece);
          } else if (kind === 'abandon' && model.active.has(piece)) {
            picker.abandon(piece);
            model.active.delete(piece);
          } else if (kind === 'fail' && model.active.has(piece)) {
            picker.spoil(piece);
            model.active.delete(piece);
            model.failed.set(piece, (model.failed.get(piece) ?? 0) + 1);
          } else if (kind === 'await') {
            picker.setAwaited(piece, b % 2 === 0);
            if (b % 2 === 0) model.awaited.add(piece);
            else model.awaited.delete(piece);
          } else if (kind === 'mode') {
            picker.sequential = b % 2 === 0;
            model.sequential = b % 2 === 0;
          } else if (peer !== undefined && kind === 'have') {
            picker.addHave(peer, piece);
          } else if (peer !== undefined && kind === 'have-not') {
            const had = peer.have.has(piece);
            assert.equal(picker.removeHave(peer, piece), had);
            assert.ok(!peer.have.has(piece));
          } else if (peer !== undefined && kind === 'leave') {
            picker.leave(peer);
            model.peers.splice(model.peers.indexOf(peer), 1);
            assert.equal(peer.useful, 0);
          } else if (peer !== undefined && kind === 'pick') {
            const candidates = model.candidates(peer);
            const picked = picker.pick(peer);
            if (candidates.length === 0) assert.equal(picked, -1);
            else assert.ok(candidates.includes(picked), `${picked} is not one of ${candidates.join(' ')}`);
            if (picked >= 0) {
              picker.begin(picked as PieceIndex);
              model.active.add(picked);
            }
          }
          for (let at = 0; at < pieceCount; at++) assert.equal(picker.availability.of(at), model.availability(at));
          const wanted = model.priority.map((_, at) => at).filter((at) => model.wants(at));
          assert.equal(picker.wantedCount, wanted.length);
          assert.equal(picker.pickableCount, wanted.filter((at) => model.isPickable(at)).length);
          assert.equal(picker.failuresOf(piece), model.failed.get(piece) ?? 0);
          assert.equal(picker.isPending(piece), model.wants(piece) && !model.active.has(piece));
          for (const other of model.peers) {
            assert.equal(other.useful, wanted.filter((at) => other.have.has(at)).length, 'interest is kept up to date');
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('every one of the equally rare pieces is picked by somebody', () => {
  const picked = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const picker = pickerFor(8, seed);
    const seedPeer = everyPiece(picker.pieceCount);
    picker.join(seedPeer);
    picker.join(new PeerPieces(bits(picker.pieceCount, [0, 1, 2, 3])));
    picked.add(picker.pick(seedPeer));
  }
  assert.deepEqual([...picked].sort(), [4, 5, 6, 7]);
});

test('a peer goes through equally rare neighbours, window by window, and the windows come at random', () => {
  const picker = pickerFor(32, 5);
  picker.window = 4;
  const peer = everyPiece(picker.pieceCount);
  picker.join(peer);
  // Piece 2 of each window is more common than the others.
  picker.join(new PeerPieces(bits(picker.pieceCount, [2, 6, 10, 14, 18, 22, 26, 30])));
  const starts = new Set<number>();
  for (let window = 0; window < 8; window++) {
    const picked = [0, 1, 2].map(() => {
      const piece = picker.pick(peer);
      picker.begin(piece as PieceIndex);
      return piece;
    });
    const start = picked[0]!;
    assert.equal(start % 4, 0);
    assert.deepEqual(picked, [start, start + 1, start + 3]);
    starts.add(start);
  }
  assert.equal(starts.size, 8);
  assert.notDeepEqual([...starts], [0, 4, 8, 12, 16, 20, 24, 28], 'the windows themselves come at random');
});

test('the first pieces are picked at random, common ones too', () => {
  const picked = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const picker = new PiecePicker(8, new SeededRandom(seed));
    const seedPeer = everyPiece(8);
    picker.join(seedPeer);
    picker.join(new PeerPieces(bits(8, [0, 1, 2, 3])));
    picked.add(picker.pick(seedPeer));
  }
  assert.deepEqual([...picked].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a peer that lacks thousands of rare pieces still gets the best of what it has', () => {
  const pieceCount = 20_000;
  const picker = pickerFor(pieceCount);
  const common = new PeerPieces(bits(picker.pieceCount, [100, 15_000, 15_001]));
  picker.join(common);
  picker.join(new PeerPieces(bits(picker.pieceCount, [100, 15_001])));
  assert.equal(picker.pick(common), 15_000);
  picker.setPriority(100 as PieceIndex, PRIORITY_HIGH);
  assert.equal(picker.pick(common), 100);
  picker.setPriority(100 as PieceIndex, PRIORITY_LOW);
  picker.begin(15_000 as PieceIndex);
  assert.equal(picker.pick(common), 15_001);
});

test('a picker for 100,000 pieces answers a seed without walking over them', () => {
  const picker = pickerFor(100_000);
  const seedPeer = everyPiece(picker.pieceCount);
  picker.join(seedPeer);
  let looks = 0;
  const has = seedPeer.have.has.bind(seedPeer.have);
  seedPeer.have.has = (piece: number): boolean => {
    looks++;
    return has(piece);
  };
  for (let i = 0; i < 1000; i++) picker.begin(picker.pick(seedPeer) as PieceIndex);
  assert.equal(looks, 1000);
});
