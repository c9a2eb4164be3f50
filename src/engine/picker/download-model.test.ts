// Any history of a download against the obvious account of it: no block is asked for twice outside of endgame and
// deadlines, none is lost, and counts, priorities and order are what they should be. A failure prints its seed and path.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type AskedBlock, DownloadBench } from '../../testing/picker/download-bench.ts';
import { DownloadModel, type ModelPeer } from '../../testing/picker/download-model.ts';
import { STORED_CORRUPT, STORED_FAILED, STORED_PART, STORED_VERIFIED } from '../ports.ts';
import { BLOCK_BYTES, type PieceIndex, RUN_BLOCKS } from '../torrent/geometry.ts';
import { REVOKE_BEGIN, REVOKE_LINK, REVOKE_PIECE, REVOKE_STRIDE } from './arrivals.ts';
import type { DownloadPeer } from './download-peer.ts';
import { DUPLICATES_PER_BLOCK } from './limits.ts';

const KINDS = [
  ...[
    'plan',
    'plan',
    'plan',
    'land',
    'land',
    'land',
    'store',
    'store',
    'urgent',
    'urgent',
    'endgame',
    'endgame',
    'span',
  ],
  ...['join', 'leave', 'have', 'choke', 'return', 'priority', 'order', 'await', 'await', 'unawait', 'pace', 'evict'],
] as const;
type Kind = (typeof KINDS)[number] | 'clock';

interface World {
  readonly bench: DownloadBench;
  readonly model: DownloadModel;
  readonly peers: Map<number, DownloadPeer>;
  /** Runs that the disk has, `piece/run`; by piece, those that it has or had and that were not judged yet. */
  readonly storing: string[];
  readonly handed: Map<number, Set<number>>;
  readonly broken: Set<number>;
  nowMs: number;
}

function world(pieces: number, pieceBlocks: number, frames: number): World {
  const bench = new DownloadBench(pieces, pieceBlocks * BLOCK_BYTES, frames);
  bench.download.picker.sequential = false;
  const model = new DownloadModel(bench.geometry);
  return { bench, model, peers: new Map(), storing: [], handed: new Map(), broken: new Set(), nowMs: 0 };
}

function join(w: World, members: readonly number[]): void {
  const peer = w.bench.peer(members);
  w.peers.set(peer.link, peer);
  const none = { owed: [], copies: new Set<string>(), revoked: new Set<string>() };
  w.model.peers.set(peer.link, { link: peer.link, have: new Set(members), ...none });
}

/** Holds what was planned against the model. */
function asked(w: World, peer: ModelPeer, blocks: readonly AskedBlock[], kind: Kind): void {
  const { model } = w;
  const begun = new Set(Array.from(model.priority.keys()).filter((piece) => model.isBegun(piece)));
  for (const { piece, begin } of blocks) {
    const block = begin / BLOCK_BYTES;
    const owned = model.owersOf(`${piece}/${block}`).some((other) => !other.copies.has(`${piece}/${block}`));
    const copy = kind === 'endgame' || (kind === 'urgent' && owned);
    if (kind === 'plan' && !begun.has(piece)) {
      assert.ok(model.mayBegin(peer, piece, begun), `piece ${piece} is begun before better ones`);
      begun.add(piece);
    }
    if (kind === 'urgent') assert.ok(model.deadlines.has(piece), `nobody waits for piece ${piece}`);
    else if (kind !== 'endgame') assert.ok(!model.deadlines.has(piece), `piece ${piece} is awaited`);
    model.ask(peer, piece, block, copy);
    const copies = model.owersOf(`${piece}/${block}`).filter((other) => other.copies.has(`${piece}/${block}`));
    assert.ok(copies.length <= DUPLICATES_PER_BLOCK, 'three sources are enough');
  }
}

/** What the coordinator does after every change: revokes and full runs go out. */
function carryOut(w: World): void {
  const { arrivals } = w.bench.download;
  arrivals.movesDone();
  const { records, count } = arrivals.revokes;
  for (let at = 0; at < count * REVOKE_STRIDE; at += REVOKE_STRIDE) {
    const block = `${records[at + REVOKE_PIECE]}/${records[at + REVOKE_BEGIN]! / BLOCK_BYTES}`;
    const peer = w.model.peers.get(records[at + REVOKE_LINK]!);
    if (peer?.owed.includes(block)) peer.revoked.add(block);
  }
  arrivals.revokes.clear();
  for (const run of w.bench.take()) {
    const [piece, index] = run.split('/').map(Number) as [number, number];
    w.storing.push(run);
    w.handed.set(piece, (w.handed.get(piece) ?? new Set()).add(index));
    for (const block of blocksOfRun(w, piece, index)) assert.ok(w.model.arrived.has(block), `${block} is not there`);
  }
}

function blocksOfRun(w: World, piece: number, run: number): string[] {
  return w.model.blocksOf(piece).slice(run * RUN_BLOCKS, (run + 1) * RUN_BLOCKS);
}

function land(w: World, peer: ModelPeer, block: string): void {
  const [piece, index] = block.split('/').map(Number) as [number, number];
  const revoked = peer.revoked.has(block);
  w.model.settle(peer, block);
  const arrival = w.bench.download.arrivals.landed(w.peers.get(peer.link)!, piece, index * BLOCK_BYTES);
  // A revoked copy may cross its revoke, and the failure of its piece.
  const news = !revoked && !w.model.arrived.has(block) && !w.model.had.has(piece);
  if (news) assert.notEqual(arrival, 'wasted', `${block} came first and was thrown away`);
  if (arrival !== 'wasted') w.model.arrived.add(block);
  carryOut(w);
}

function giveBack(w: World, peer: ModelPeer, block: string): void {
  const [piece, index] = block.split('/').map(Number) as [number, number];
  w.model.settle(peer, block);
  w.bench.download.arrivals.returned(w.peers.get(peer.link)!, piece, index * BLOCK_BYTES);
  carryOut(w);
}

/** The disk answers about a run: well, unless the dice say otherwise. */
function store(w: World, at: number, dice: number): void {
  if (w.storing.length === 0) return;
  const { model, bench } = w;
  const [run] = w.storing.splice(at % w.storing.length, 1);
  const [piece, index] = run!.split('/').map(Number) as [number, number];
  const last =
    w.handed.get(piece)!.size === bench.geometry.runsIn(piece as PieceIndex) &&
    !w.storing.some((other) => other.startsWith(`${piece}/`));
  const fails = dice % 8 === 7;
  const outcome = fails ? STORED_FAILED : !last ? STORED_PART : dice % 4 === 1 ? STORED_CORRUPT : STORED_VERIFIED;
  const stored = bench.download.runs.stored(
    piece as PieceIndex,
    index,
    w.broken.has(piece) && !fails ? STORED_PART : outcome,
  );
  if (fails) w.broken.add(piece);
  if (stored.kind === 'verified') {
    model.had.add(piece);
    model.failures.delete(piece);
    model.deadlines.delete(piece);
    bench.download.deadlines.clear(piece as PieceIndex);
  }
  if (stored.kind === 'corrupt') model.failures.set(piece, (model.failures.get(piece) ?? 0) + 1);
  if (stored.kind === 'verified' || stored.kind === 'corrupt' || stored.kind === 'forget') {
    for (const done of w.handed.get(piece)!)
      for (const block of blocksOfRun(w, piece, done)) model.arrived.delete(block);
    w.handed.delete(piece);
    w.broken.delete(piece);
  }
  carryOut(w);
}

function plan(w: World, peer: ModelPeer, count: number, kind: Kind): void {
  const real = w.peers.get(peer.link)!;
  const { bench, model } = w;
  if (kind === 'urgent') return asked(w, peer, bench.urgent(real, count, w.nowMs), kind);
  if (kind === 'span') return asked(w, peer, bench.span(real, count), kind);
  if (kind === 'endgame') {
    const idle = [...model.priority.keys()].filter(
      (piece) => !model.deadlines.has(piece) && !model.failures.has(piece),
    );
    const open = idle.filter((piece) => model.wants(piece) && model.open(piece).length > 0);
    const blocks = bench.endgame(real, count);
    if (blocks.length > 0) assert.deepEqual(open, [], 'endgame begins when nothing else is left');
    return asked(w, peer, blocks, kind);
  }
  asked(w, peer, bench.plan(real, count), kind);
  // Who still owes second copies of a piece that was given up is not asked for that piece, nor for others before it.
  if (bench.download.planner.lastRefusal !== 'nothing-offered' || peer.copies.size > 0) return;
  for (const piece of peer.have) {
    if (model.deadlines.has(piece) || model.failures.has(piece) || w.broken.has(piece)) continue;
    assert.deepEqual(model.open(piece), [], 'what the peer could send is asked of it');
  }
}

function evict(w: World): void {
  const wasted = w.bench.download.pieces.evict();
  let forgotten = 0;
  for (const block of [...w.model.arrived]) {
    const [piece, index] = block.split('/').map(Number) as [number, number];
    const active = w.bench.download.pieces.get(piece);
    if (active !== undefined && active.blockStates[index]! >= 2) continue;
    w.model.arrived.delete(block);
    forgotten++;
  }
  assert.equal(forgotten, wasted);
}

function check(w: World): void {
  const { model } = w;
  const { picker } = w.bench.download;
  const wanted = [...model.priority.keys()].filter((piece) => model.wants(piece));
  assert.equal(picker.wantedCount, wanted.length);
  for (const piece of model.priority.keys()) assert.equal(picker.availability.of(piece), model.availability(piece));
  for (const [link, peer] of w.peers) {
    const other = model.peers.get(link)!;
    assert.equal(peer.outstanding, other.owed.length);
    assert.equal(peer.pieces.useful, wanted.filter((piece) => other.have.has(piece)).length);
  }
}

class Step implements fc.Command<World, World> {
  readonly #kind: Kind;
  readonly #a: number;
  readonly #b: number;

  constructor(kind: Kind, a: number, b: number) {
    this.#kind = kind;
    this.#a = a;
    this.#b = b;
  }

  check(): boolean {
    return true;
  }

  toString(): string {
    return `${this.#kind}(${this.#a}, ${this.#b})`;
  }

  run(w: World): void {
    w.nowMs += 50;
    const links = [...w.model.peers.values()];
    const peer = links[this.#a % Math.max(1, links.length)];
    if (peer === undefined || this.#kind === 'join') this.#ofTorrent(w, 'join');
    else if (['plan', 'urgent', 'endgame', 'span'].includes(this.#kind)) plan(w, peer, 1 + (this.#b % 70), this.#kind);
    else this.#ofPeer(w, peer);
    check(w);
  }

  #ofPeer(w: World, peer: ModelPeer): void {
    const real = w.peers.get(peer.link)!;
    const { download } = w.bench;
    const piece = (this.#b % w.model.priority.length) as PieceIndex;
    if (this.#kind === 'land') {
      for (let times = 1 + (this.#b % 40); times > 0 && peer.owed.length > 0; times--) {
        land(w, peer, peer.owed[this.#b % peer.owed.length]!);
      }
    } else if (this.#kind === 'return') {
      for (const block of [...peer.revoked]) giveBack(w, peer, block);
    } else if (this.#kind === 'choke') {
      download.planner.standBack(real);
      for (const block of [...peer.owed]) giveBack(w, peer, block);
    } else if (this.#kind === 'have') {
      download.picker.addHave(real.pieces, piece);
      peer.have.add(piece);
    } else if (this.#kind === 'pace') {
      real.blockMs = [0, 1, 100, 5000, Number.POSITIVE_INFINITY][this.#b % 5]!;
    } else if (this.#kind === 'leave') {
      w.model.peers.delete(peer.link);
      w.peers.delete(peer.link);
      download.arrivals.closed(real);
      download.leave(real);
      carryOut(w);
    } else this.#ofTorrent(w, this.#kind);
  }

  #ofTorrent(w: World, kind: Kind): void {
    const { download } = w.bench;
    const piece = (this.#b % w.model.priority.length) as PieceIndex;
    if (kind === 'join' && w.peers.size < 6) {
      join(
        w,
        [...w.model.priority.keys()].filter((at) => (this.#b >> (at % 24)) % 2 === 1 || this.#a % 3 === 0),
      );
    } else if (kind === 'store') store(w, this.#a, this.#b);
    else if (kind === 'priority') {
      w.model.priority[piece] = this.#a % 4;
      download.picker.setPriority(piece, this.#a % 4);
    } else if (kind === 'order') {
      w.model.sequential = this.#a % 2 === 0;
      download.picker.sequential = w.model.sequential;
    } else if (kind === 'await' && w.model.wants(piece)) {
      w.model.deadlines.set(piece, w.nowMs + (this.#a % 1000));
      download.deadlines.set(piece, w.nowMs + (this.#a % 1000));
    } else if (kind === 'unawait') {
      w.model.deadlines.delete(piece);
      download.deadlines.clear(piece);
    } else if (kind === 'evict' && ![...w.peers.values()].some((peer) => peer.outstanding > 0)) evict(w);
  }
}

/** An honest seed and a disk that works: everything that is wanted comes in, and nothing is left behind. */
function finish(w: World): void {
  for (const peer of [...w.model.peers.values()])
    new Step('leave', [...w.model.peers.keys()].indexOf(peer.link), 0).run(w);
  join(w, [...w.model.priority.keys()]);
  const [seed] = [...w.model.peers.values()];
  for (let round = 0; w.bench.download.picker.wantedCount > 0; round++) {
    assert.ok(round < 2000, `stuck with ${w.bench.download.picker.wantedCount} pieces`);
    w.nowMs += 1000;
    plan(w, seed!, 64, 'urgent');
    plan(w, seed!, 64, 'plan');
    if (seed!.owed.length === 0 && w.storing.length === 0) evict(w);
    while (seed!.owed.length > 0) land(w, seed!, seed!.owed[0]!);
    while (w.storing.length > 0) store(w, 0, 0);
    check(w);
  }
  new Step('leave', 0, 0).run(w);
  while (w.storing.length > 0) store(w, 0, 0);
  assert.ok(w.bench.download.pieces.discard());
  assert.deepEqual(w.bench.ledger.describeLeaks(), []);
}

const shapes = fc.constantFrom(
  // So small that they are all endgame.
  [2, 3, 64] as const,
  [1, 8, 64] as const,
  [12, 4, 64] as const,
  [30, 1, 64] as const,
  [5, 80, 192] as const,
  [6, 16, 1024] as const,
);
const steps = KINDS.map((kind) => fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => new Step(kind, a, b)));

test('after any history a download is what the obvious account of it says', () => {
  fc.assert(
    fc.property(shapes, fc.commands(steps, { maxCommands: 150, size: 'max' }), ([pieces, blocks, frames], commands) => {
      const w = world(pieces, blocks, frames);
      fc.modelRun(() => ({ model: w, real: w }), commands);
      finish(w);
    }),
    { numRuns: 800 },
  );
});
