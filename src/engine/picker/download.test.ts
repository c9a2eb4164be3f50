// The central safety invariant, against a host with random delays: a place belongs to one owner at a time.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '../../base/bitfield.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { SlotLedger } from '../memory/slot-ledger.ts';
import {
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
  RUN_INDEX,
  RUN_PIECE,
  RUN_PLACE,
  RUN_STRIDE,
  STORED_CORRUPT,
  STORED_FAILED,
  STORED_PART,
  STORED_VERIFIED,
} from '../ports.ts';
import { BLOCK_BYTES, Geometry, type PieceIndex, RUN_BLOCKS } from '../torrent/geometry.ts';
import { MOVE_FROM, MOVE_STRIDE, MOVE_TO, REVOKE_BEGIN, REVOKE_LINK, REVOKE_PIECE, REVOKE_STRIDE } from './arrivals.ts';
import { Download } from './download.ts';
import { DownloadPeer } from './download-peer.ts';
import { PeerPieces } from './peer-pieces.ts';

const BATCH_RECORDS = 64;

/** What a simulated link was told to expect. `landing`: a revoke comes too late, the socket is filling the place. */
interface Expectation {
  piece: number;
  begin: number;
  place: number;
  length: number;
  revoked: boolean;
  landing: boolean;
}

/** A block of a piece, as the bytes in a frame: enough to see a wrong or missing copy. */
function stamp(piece: number, begin: number, bad: boolean): string {
  return `${piece}:${begin}${bad ? ':bad' : ''}`;
}

interface Scenario {
  readonly seed: number;
  readonly pieceBytes: number;
  readonly totalBytes: number;
  readonly frames: number;
  readonly peers: number;
  readonly badBlocks: number;
  readonly diskFailures: number;
}

/** Host, peers and coordinator in one: carries out what a Download decides, in random order and with random delays. */
class Simulation {
  readonly geometry: Geometry;
  readonly random: Random;
  readonly ledger: SlotLedger;
  readonly download: Download;
  readonly frames: string[];
  /** Who may write into a frame at the moment: a link's number, or 'disk'. */
  readonly holders: (number | 'disk' | undefined)[];
  readonly links = new Map<number, { peer: DownloadPeer; expected: Expectation[] }>();
  readonly storing: { piece: PieceIndex; run: number; place: number }[] = [];
  readonly disk = new Map<string, string>();
  readonly batch = new Int32Array(BATCH_RECORDS * REQUEST_STRIDE);
  readonly contributorsSeen: number[] = [];
  nextLink = 1;
  badLeft: number;
  diskFailuresLeft: number;
  now = 0;
  urgent = 0;
  duplicates = 0;
  moves = 0;
  corrupt = 0;
  forgotten = 0;

  constructor(scenario: Scenario) {
    this.geometry = new Geometry(scenario.totalBytes, scenario.pieceBytes);
    this.random = new SeededRandom(scenario.seed);
    this.frames = new Array(scenario.frames).fill('');
    this.holders = new Array(scenario.frames).fill(undefined);
    this.ledger = new SlotLedger(scenario.frames, { onRelease: (place, frames) => this.#onRelease(place, frames) });
    this.download = new Download(this.geometry, this.ledger, this.random);
    this.badLeft = scenario.badBlocks;
    this.diskFailuresLeft = scenario.diskFailures;
    for (let i = 0; i < scenario.peers; i++) this.connect(i === 0 || this.chance(0.3));
  }

  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  get done(): boolean {
    return this.download.picker.wantedCount === 0;
  }

  connect(seed: boolean): void {
    const have = new Bitfield(this.geometry.pieceCount);
    for (let piece = 0; piece < have.length; piece++) if (seed || this.chance(0.5)) have.add(piece);
    const peer = new DownloadPeer(this.nextLink++, new PeerPieces(have));
    this.download.join(peer);
    this.links.set(peer.link, { peer, expected: [] });
  }

  /** One random thing happens. */
  step(): void {
    const links = [...this.links.values()];
    const link = links[randomBelow(this.random, links.length)]!;
    const dice = this.random.next();
    if (dice < 0.35) this.plan(link.peer, link.expected);
    else if (dice < 0.8) this.answer(link.peer, link.expected);
    else if (dice < 0.93) this.report();
    else if (dice < 0.96) this.learn(link.peer);
    else if (dice < 0.98) for (const expected of link.expected) this.revoke(expected);
    else if (dice < 0.99 && this.links.size > 1 && link.peer.link !== 1) this.close(link.peer);
    else if (this.links.size < 8) this.connect(this.chance(0.3));
    if (this.chance(0.02)) this.unstick();
    if (this.chance(0.02)) this.hurry(link.peer);
  }

  plan(peer: DownloadPeer, expected: Expectation[]): void {
    const count = 1 + randomBelow(this.random, BATCH_RECORDS);
    let planned = this.download.urgent.plan(peer, count, this.batch, this.now++);
    this.urgent += planned;
    if (planned === 0) planned = this.download.planner.plan(peer, count, this.batch);
    if (planned === 0) {
      planned = this.download.endgame.plan(peer, this.batch);
      this.duplicates += planned;
    }
    for (let record = 0; record < planned; record++) {
      const at = record * REQUEST_STRIDE;
      const piece = this.batch[at + REQUEST_PIECE]!;
      const begin = this.batch[at + REQUEST_BEGIN]!;
      const length = this.batch[at + REQUEST_LENGTH]!;
      const place = this.batch[at + REQUEST_PLACE]!;
      assert.equal(begin % BLOCK_BYTES, 0);
      assert.equal(length, this.geometry.blockBytes(piece as PieceIndex, begin / BLOCK_BYTES));
      assert.ok(peer.pieces.have.has(piece), 'a block is asked only of a peer that has it');
      assert.ok(!this.download.picker.had.has(piece as PieceIndex), 'what is had is not asked for');
      assert.equal(this.holders[place], undefined, 'no place is given to a second owner');
      assert.ok(
        !expected.some((other) => other.piece === piece && other.begin === begin),
        'one answer per block and link',
      );
      this.holders[place] = peer.link;
      expected.push({ piece, begin, place, length, revoked: false, landing: this.chance(0.3) });
    }
    assert.equal(peer.outstanding, expected.length);
  }

  /** The link answers what it expects, some of it, in any order. */
  answer(peer: DownloadPeer, expected: Expectation[]): void {
    for (let times = randomBelow(this.random, 24); times > 0 && expected.length > 0; times--) {
      const at = this.chance(0.8) ? 0 : randomBelow(this.random, expected.length);
      const block = expected.splice(at, 1)[0]!;
      this.holders[block.place] = undefined;
      if (block.revoked && !block.landing) {
        this.frames[block.place] = 'half a block';
        this.download.arrivals.returned(peer, block.piece, block.begin);
      } else {
        const bad = this.badLeft > 0 && this.chance(0.05);
        if (bad) this.badLeft--;
        this.frames[block.place] = stamp(block.piece, block.begin, bad);
        const arrival = this.download.arrivals.landed(peer, block.piece, block.begin);
        if (arrival !== 'landed' && bad) this.badLeft++;
      }
      assert.equal(peer.outstanding, expected.length);
    }
    this.carryOut();
  }

  close(peer: DownloadPeer): void {
    for (const block of this.links.get(peer.link)!.expected) {
      this.holders[block.place] = undefined;
      this.frames[block.place] = 'half a block';
    }
    this.links.delete(peer.link);
    this.download.arrivals.closed(peer);
    this.download.leave(peer);
    this.carryOut();
  }

  revoke(block: Expectation): void {
    block.revoked = true;
  }

  carryOut(): void {
    const { moves, revokes } = this.download.arrivals;
    for (let at = 0; at < moves.count * MOVE_STRIDE; at += MOVE_STRIDE) {
      const from = moves.records[at + MOVE_FROM]!;
      const to = moves.records[at + MOVE_TO]!;
      assert.equal(this.holders[from], undefined, 'nobody writes where a block is taken from');
      assert.equal(this.holders[to], undefined, 'nobody writes where it goes');
      this.frames[to] = this.frames[from]!;
      this.moves++;
    }
    this.download.arrivals.movesDone();
    for (let at = 0; at < revokes.count * REVOKE_STRIDE; at += REVOKE_STRIDE) {
      const expected = this.links.get(revokes.records[at + REVOKE_LINK]!)?.expected ?? [];
      for (const block of expected) {
        if (block.piece !== revokes.records[at + REVOKE_PIECE]) continue;
        if (block.begin === revokes.records[at + REVOKE_BEGIN]) this.revoke(block);
      }
    }
    revokes.clear();
    const count = this.download.runs.take(1, this.batch, BATCH_RECORDS);
    for (let at = 0; at < count * RUN_STRIDE; at += RUN_STRIDE) this.#store(at);
  }

  /** The disk reports one of the runs that it has, any one. */
  report(): void {
    if (this.storing.length === 0) return;
    const at = randomBelow(this.random, this.storing.length);
    const { piece, run, place } = this.storing[at]!;
    this.storing.splice(at, 1);
    const blocks = this.geometry.blocksInRun(piece, run);
    this.holders.fill(undefined, place, place + blocks);
    let outcome = STORED_PART;
    if (this.diskFailuresLeft > 0 && this.chance(0.1)) {
      this.diskFailuresLeft--;
      outcome = STORED_FAILED;
    } else {
      for (let block = 0; block < blocks; block++) {
        this.disk.set(`${piece}/${run * RUN_BLOCKS + block}`, this.frames[place + block]!);
      }
      outcome = this.#judge(piece);
    }
    const stored = this.download.runs.stored(piece, run, outcome);
    if (outcome === STORED_VERIFIED) assert.equal(stored.kind, 'verified');
    if (stored.kind === 'verified') this.download.deadlines.clear(piece);
    if (stored.kind === 'corrupt') {
      this.corrupt++;
      assert.equal(stored.contributors?.length, this.geometry.blocksIn(piece));
      assert.ok(
        stored.contributors.every((link) => link > 0 && link < this.nextLink),
        'each block has a contributor',
      );
    }
    if (stored.kind === 'forget') this.forgotten++;
    if (stored.kind === 'corrupt' || stored.kind === 'forget') {
      for (let block = 0; block < this.geometry.blocksIn(piece); block++) this.disk.delete(`${piece}/${block}`);
    }
    this.carryOut();
  }

  /** Somebody waits for a piece, or not any more; and a peer is quick or slow from now on. */
  hurry(peer: DownloadPeer): void {
    const piece = randomBelow(this.random, this.geometry.pieceCount) as PieceIndex;
    if (this.chance(0.3)) this.download.deadlines.clear(piece);
    else if (this.download.picker.isWanted(piece))
      this.download.deadlines.set(piece, this.now + (this.chance(0.5) ? 0 : 1_000_000));
    peer.blockMs = this.chance(0.5) ? 1 : 5000;
  }

  learn(peer: DownloadPeer): void {
    const piece = randomBelow(this.random, this.geometry.pieceCount) as PieceIndex;
    this.download.picker.addHave(peer.pieces, piece);
  }

  /** What the coordinator does when memory refuses and nothing is on its way. */
  unstick(): void {
    const outstanding = [...this.links.values()].reduce((sum, link) => sum + link.peer.outstanding, 0);
    if (outstanding === 0 && this.storing.length === 0) this.download.pieces.evict();
  }

  #store(at: number): void {
    const piece = this.batch[at + RUN_PIECE]! as PieceIndex;
    const run = this.batch[at + RUN_INDEX]!;
    const place = this.batch[at + RUN_PLACE]!;
    for (let block = 0; block < this.geometry.blocksInRun(piece, run); block++) {
      assert.equal(this.holders[place + block], undefined, 'the disk gets a run only when no link may write there');
      const whole = this.frames[place + block]!.startsWith(
        stamp(piece, (run * RUN_BLOCKS + block) * BLOCK_BYTES, false),
      );
      assert.ok(whole, `block ${block} of run ${run} of piece ${piece} is "${this.frames[place + block]}"`);
      this.holders[place + block] = 'disk';
    }
    this.storing.push({ piece, run, place });
  }

  #judge(piece: PieceIndex): number {
    let bad = false;
    for (let block = 0; block < this.geometry.blocksIn(piece); block++) {
      const bytes = this.disk.get(`${piece}/${block}`);
      if (bytes === undefined) return STORED_PART;
      bad ||= bytes.endsWith('bad');
    }
    return bad ? STORED_CORRUPT : STORED_VERIFIED;
  }

  #onRelease(place: number, frames: number): void {
    for (let frame = place; frame < place + frames; frame++) {
      assert.equal(this.holders[frame], undefined, 'no place is released while somebody holds it');
      this.frames[frame] = 'poison';
    }
  }
}

const scenarios = fc.record({
  seed: fc.nat(),
  pieceBytes: fc.constantFrom(BLOCK_BYTES, 4 * BLOCK_BYTES, 64 * BLOCK_BYTES, 100 * BLOCK_BYTES, 200 * BLOCK_BYTES + 5),
  totalBytes: fc.oneof(
    fc.integer({ min: 1, max: 500 * BLOCK_BYTES }),
    fc.integer({ min: 100 * BLOCK_BYTES, max: 1000 * BLOCK_BYTES }),
  ),
  frames: fc.constantFrom(64, 100, 256, 1024),
  peers: fc.integer({ min: 1, max: 6 }),
  badBlocks: fc.constantFrom(0, 0, 3),
  diskFailures: fc.constantFrom(0, 0, 3),
});

test('no two owners ever share a place, everything completes, and nothing leaks', () => {
  const seen = { urgent: 0, duplicates: 0, moves: 0, corrupt: 0, forgotten: 0 };
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const simulation = new Simulation(scenario);
      for (let steps = 0; !simulation.done; steps++) {
        assert.ok(steps < 50_000, `stuck with ${simulation.download.picker.wantedCount} pieces wanted`);
        simulation.step();
      }
      for (const { peer } of simulation.links.values()) simulation.close(peer);
      assert.ok(simulation.download.pieces.discard());
      assert.deepEqual(simulation.ledger.describeLeaks(), []);
      assert.equal(simulation.ledger.freeFrames, scenario.frames);
      seen.urgent += simulation.urgent;
      seen.duplicates += simulation.duplicates;
      seen.moves += simulation.moves;
      seen.corrupt += simulation.corrupt;
      seen.forgotten += simulation.forgotten;
    }),
    { numRuns: 150 },
  );
  assert.ok(
    seen.urgent > 0 && seen.duplicates > 0 && seen.moves > 0 && seen.corrupt > 0 && seen.forgotten > 0,
    JSON.stringify(seen),
  );
});

test('a torrent that is removed at any moment leaves no slot behind', () => {
  fc.assert(
    fc.property(scenarios, fc.integer({ min: 1, max: 400 }), (scenario, steps) => {
      const simulation = new Simulation(scenario);
      for (let step = 0; step < steps && !simulation.done; step++) simulation.step();
      for (const { peer } of simulation.links.values()) simulation.close(peer);
      while (!simulation.download.pieces.discard()) simulation.report();
      assert.deepEqual(simulation.ledger.describeLeaks(), []);
    }),
  );
});
