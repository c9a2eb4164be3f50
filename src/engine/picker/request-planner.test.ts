import assert from 'node:assert/strict';
import test from 'node:test';
import { DownloadBench } from '../../testing/picker/download-bench.ts';
import { STORED_CORRUPT, STORED_FAILED, STORED_PART, STORED_VERIFIED } from '../ports.ts';
import { BLOCK_BYTES, type PieceIndex, RUN_BLOCKS, RUN_BYTES } from '../torrent/geometry.ts';
import { MOVE_FROM, MOVE_TO } from './arrivals.ts';
import type { DownloadPeer } from './download-peer.ts';

const first = 0 as PieceIndex;
const second = 1 as PieceIndex;

test('a peer gets consecutive blocks in consecutive places, plan after plan', () => {
  const bench = new DownloadBench(4, 8 * BLOCK_BYTES, 64);
  const peer = bench.peer();
  const blocks = [...bench.plan(peer, 3), ...bench.plan(peer, 4)];
  assert.deepEqual(
    blocks,
    Array.from({ length: 7 }, (_, block) => ({
      piece: first,
      begin: block * BLOCK_BYTES,
      place: blocks[0]!.place + block,
    })),
  );
});

test('each peer leads a piece of its own while there are enough', () => {
  const bench = new DownloadBench(4, 8 * BLOCK_BYTES, 64);
  const pieces = [bench.peer(), bench.peer(), bench.peer()].map((peer) => bench.plan(peer, 2)[0]!.piece);
  assert.deepEqual(pieces, [0, 1, 2]);
});

test('peers share a piece when there is no other left', () => {
  const bench = new DownloadBench(1, 8 * BLOCK_BYTES, 64);
  const [a, b] = [bench.peer(), bench.peer()];
  bench.plan(a, 2);
  assert.deepEqual(
    bench.plan(b, 10).map((block) => block.begin / BLOCK_BYTES),
    [2, 3, 4, 5, 6, 7],
  );
});

test('a piece that lost its lead is finished before a new one is begun, the one nearest completion first', () => {
  const bench = new DownloadBench(5, 8 * BLOCK_BYTES, 64);
  const [a, b, c] = [bench.peer(), bench.peer(), bench.peer()];
  bench.land(a, bench.plan(a, 2));
  bench.land(b, bench.plan(b, 5));
  bench.download.arrivals.closed(a);
  bench.download.planner.standBack(b);
  assert.deepEqual(
    bench.plan(c, 10).map(({ piece }) => piece),
    [1, 1, 1, 0, 0, 0, 0, 0, 0, 2],
  );
});

test('no piece is begun while memory is tight and another one has blocks to give', () => {
  const bench = new DownloadBench(8, 16 * BLOCK_BYTES, 64);
  const peers = [bench.peer(), bench.peer(), bench.peer(), bench.peer()];
  const pieces = peers.map((peer) => bench.plan(peer, 1)[0]!.piece);
  assert.deepEqual(pieces, [0, 1, 2, 0]);
});

test('memory that is full is named as the reason, and what has its slot already is still given out', () => {
  const bench = new DownloadBench(8, 2 * RUN_BYTES, RUN_BLOCKS);
  const [a, b] = [bench.peer(), bench.peer([5])];
  bench.plan(a, 10);
  assert.deepEqual(bench.plan(b, 1), []);
  assert.equal(bench.download.planner.lastRefusal, 'memory');
  assert.equal(bench.plan(a, 100).length, RUN_BLOCKS - 10);
  assert.equal(bench.download.planner.lastRefusal, 'memory');
  assert.equal(bench.ledger.usedFrames, RUN_BLOCKS);
});

test('a peer that has nothing for us is told apart from full memory', () => {
  const bench = new DownloadBench(8, BLOCK_BYTES, 64);
  const peer = bench.peer([3]);
  assert.equal(bench.plan(peer, 1).length, 1);
  assert.equal(bench.download.planner.lastRefusal, 'none');
  assert.equal(bench.plan(peer, 1).length, 0);
  assert.equal(bench.download.planner.lastRefusal, 'nothing-offered');
});

test('a disk that falls behind stops new runs, and only these', () => {
  const bench = new DownloadBench(8, 2 * RUN_BYTES, 1024);
  bench.download.planner.writeBehindBytes = RUN_BYTES;
  const peer = bench.peer();
  bench.land(peer, bench.plan(peer, RUN_BLOCKS));
  const begun = bench.plan(peer, 4);
  assert.deepEqual(bench.take(), ['0/0']);
  assert.equal(bench.plan(peer, 100).length, RUN_BLOCKS - 4);
  assert.equal(bench.download.planner.lastRefusal, 'disk');
  assert.equal(begun[0]!.begin, RUN_BYTES);
  bench.download.runs.stored(first, 0, STORED_PART);
  assert.equal(bench.plan(peer, 100).length, 100);
});

test('memory that is full of runs whose peers are gone is won back', () => {
  const bench = new DownloadBench(8, RUN_BYTES, RUN_BLOCKS);
  const [a, b] = [bench.peer(), bench.peer([5])];
  bench.land(a, bench.plan(a, 3));
  bench.download.arrivals.closed(a);
  assert.deepEqual(bench.plan(b, 1), []);
  assert.equal(bench.download.pieces.evict(), 3);
  assert.equal(bench.plan(b, 1)[0]!.piece, 5);
  assert.equal(bench.download.pieces.evict(), 0);
});

test('nothing stays reserved for a piece of which nothing came', () => {
  const bench = new DownloadBench(2, RUN_BYTES, RUN_BLOCKS);
  const peer = bench.peer();
  for (const block of bench.plan(peer, 3)) bench.download.arrivals.returned(peer, block.piece, block.begin);
  assert.equal(bench.ledger.usedFrames, 0);
  assert.equal(bench.download.picker.pickableCount, 2);
  assert.equal(bench.plan(peer, 1)[0]!.begin, 0);
});

test('a piece that failed its hash comes next, from one peer alone, until it is had', () => {
  const bench = new DownloadBench(3, 8 * BLOCK_BYTES, 64);
  const [a, b] = [bench.peer(), bench.peer()];
  bench.land(a, bench.plan(a, 8));
  bench.plan(a, 1);
  bench.land(b, bench.plan(b, 1));
  bench.take();
  assert.equal(bench.download.runs.stored(first, 0, STORED_CORRUPT).kind, 'corrupt');
  bench.download.planner.standBack(b);
  const again = bench.plan(b, 9).filter(({ piece }) => piece === first);
  assert.deepEqual(
    bench.plan(a, 100).filter(({ piece }) => piece === first),
    [],
  );
  const rest = bench.plan(b, 100).filter(({ piece }) => piece === first);
  assert.equal(again.length + rest.length, 8);
  const helper = bench.peer();
  b.blockMs = Number.POSITIVE_INFINITY;
  assert.deepEqual(
    bench.endgame(helper, 100).filter(({ piece }) => piece === first),
    [],
  );
  bench.land(b, [...again, ...rest]);
  bench.take();
  bench.download.runs.stored(first, 0, STORED_VERIFIED);
  assert.equal(bench.download.picker.failuresOf(first), 0);
});

test('an idle peer helps a slow one with a piece that failed once, never with one that failed twice', () => {
  const bench = new DownloadBench(1, 8 * BLOCK_BYTES, 64);
  const [slow, other] = [bench.peer(), bench.peer()];
  for (const helps of [true, false]) {
    bench.land(slow, bench.plan(slow, 4));
    bench.download.planner.standBack(slow);
    bench.land(other, bench.plan(other, 4));
    bench.take();
    bench.download.runs.stored(first, 0, STORED_CORRUPT);
    slow.blockMs = 100;
    bench.land(slow, bench.plan(slow, 4));
    assert.deepEqual(bench.plan(other, 4), [], 'a quick one needs no help');
    slow.blockMs = 100_000;
    const help = bench.plan(other, 4);
    assert.equal(help.length, helps ? 4 : 0);
    bench.land(other, help);
    if (!helps) continue;
    bench.take();
    bench.download.runs.stored(first, 0, STORED_CORRUPT);
    bench.download.planner.standBack(slow);
    bench.land(slow, bench.plan(slow, 4));
  }
});

test('the runs of a piece go to the disk in order; one that is ahead waits while there is room', () => {
  const bench = new DownloadBench(1, 4 * RUN_BYTES, 10 * RUN_BLOCKS);
  const peer = bench.peer();
  const blocks = bench.plan(peer, 4 * RUN_BLOCKS);
  bench.land(peer, blocks.slice(2 * RUN_BLOCKS));
  assert.deepEqual(bench.take(), []);
  bench.land(peer, blocks.slice(0, RUN_BLOCKS));
  assert.deepEqual(bench.take(), ['0/0']);
  bench.land(peer, blocks.slice(RUN_BLOCKS, 2 * RUN_BLOCKS));
  assert.deepEqual(bench.take(2), ['0/1', '0/2']);
  assert.deepEqual(bench.take(2), ['0/3']);
  assert.deepEqual(bench.take(2), []);
});

test('runs go to the disk out of order when memory fills up', () => {
  const bench = new DownloadBench(1, 4 * RUN_BYTES, 4 * RUN_BLOCKS);
  const peer = bench.peer();
  const blocks = bench.plan(peer, 4 * RUN_BLOCKS);
  bench.land(peer, blocks.slice(3 * RUN_BLOCKS));
  assert.deepEqual(bench.take(), ['0/3']);
});

test('a verified piece is had and its memory free; a corrupt one is wanted again and says who sent what', () => {
  const bench = new DownloadBench(2, 4 * BLOCK_BYTES, 64);
  const [a, b] = [bench.peer([0, 1]), bench.peer([0])];
  bench.land(b, bench.plan(b, 2));
  bench.download.planner.standBack(b);
  bench.land(a, bench.plan(a, 6));
  assert.deepEqual(bench.take().sort(), ['0/0', '1/0']);
  assert.equal(bench.download.runs.stored(second, 0, STORED_VERIFIED).kind, 'verified');
  assert.ok(bench.download.picker.had.has(1));
  const outcome = bench.download.runs.stored(first, 0, STORED_CORRUPT);
  assert.equal(outcome.kind, 'corrupt');
  assert.deepEqual(outcome.contributors, Int32Array.of(b.link, b.link, a.link, a.link));
  assert.equal(bench.ledger.usedFrames, 0);
  assert.equal(bench.plan(b, 10).length, 4);
});

test('after a disk failure the piece is forgotten once all its runs are back, and fetched again', () => {
  const bench = new DownloadBench(1, 3 * RUN_BYTES, 10 * RUN_BLOCKS);
  const peer = bench.peer();
  const blocks = bench.plan(peer, 3 * RUN_BLOCKS);
  bench.land(peer, blocks.slice(0, 2 * RUN_BLOCKS));
  assert.deepEqual(bench.take(), ['0/0', '0/1']);
  assert.equal(bench.download.runs.stored(first, 0, STORED_FAILED).kind, 'failed');
  const late = blocks.pop()!;
  bench.download.arrivals.returned(peer, late.piece, late.begin);
  assert.deepEqual(bench.plan(peer, 10), [], 'nothing is asked for until the disk is done with it');
  assert.equal(bench.download.runs.stored(first, 1, STORED_PART).kind, 'forget');
  assert.equal(bench.plan(peer, 1000).length, 2 * RUN_BLOCKS + 1);
  bench.land(peer, blocks.slice(2 * RUN_BLOCKS));
  assert.equal(bench.download.pieces.get(0)?.landed, RUN_BLOCKS - 1, 'what was in memory is kept');
});

test('a run that completes after a disk failure waits until the piece is forgotten', () => {
  const bench = new DownloadBench(1, 2 * RUN_BYTES, 10 * RUN_BLOCKS);
  const peer = bench.peer();
  const blocks = bench.plan(peer, 2 * RUN_BLOCKS);
  bench.land(peer, blocks.slice(1));
  bench.land(peer, blocks.slice(0, 1));
  assert.deepEqual(bench.take(1), ['0/0']);
  bench.download.pieces.get(0)!.failed = true;
  assert.deepEqual(bench.take(1), []);
  assert.equal(bench.download.runs.stored(first, 0, STORED_FAILED).kind, 'forget');
  assert.deepEqual(bench.take(1), [], 'run 0 comes first again');
});

/** A peer that does not send what it owes, and one that takes very long. */
function stalledPeer(bench: DownloadBench): DownloadPeer {
  return Object.assign(bench.peer(), { blockMs: Number.POSITIVE_INFINITY });
}

function slowPeer(bench: DownloadBench): DownloadPeer {
  return Object.assign(bench.peer(), { blockMs: 1_000_000 });
}

test('endgame asks others for what is owed, each into a place of its own, at most twice', () => {
  const bench = new DownloadBench(1, 4 * BLOCK_BYTES, 64);
  const [a, b, c, d] = [stalledPeer(bench), slowPeer(bench), bench.peer(), bench.peer()];
  const owned = bench.plan(a, 3);
  assert.deepEqual(bench.endgame(b, 10), [], 'not while a block is left that nobody was asked for');
  owned.push(...bench.plan(a, 1));
  const places = [...owned, ...bench.endgame(b, 10), ...bench.endgame(b, 10), ...bench.endgame(c, 10)];
  assert.equal(places.length, 12);
  assert.equal(new Set(places.map(({ place }) => place)).size, 12);
  assert.deepEqual(bench.endgame(d, 10), []);
  assert.deepEqual(bench.endgame(a, 10), []);
});

test('endgame spreads over blocks before it asks for one a third time', () => {
  const bench = new DownloadBench(1, 4 * BLOCK_BYTES, 64);
  const [a, b, c] = [stalledPeer(bench), slowPeer(bench), bench.peer()];
  bench.plan(a, 4);
  const begins = [...bench.endgame(b, 2), ...bench.endgame(c, 2)].map(({ begin }) => begin);
  assert.equal(new Set(begins).size, 4);
});

test('a duplicate whose owner has gone already is moved at once, and the others are revoked', () => {
  const bench = new DownloadBench(1, 2 * BLOCK_BYTES, 64);
  const [a, b, c] = [stalledPeer(bench), slowPeer(bench), bench.peer()];
  const [kept] = bench.plan(a, 2);
  bench.endgame(b, 2);
  bench.endgame(c, 2);
  bench.land(a, [kept!]);
  bench.download.arrivals.revokes.clear();
  bench.download.arrivals.closed(a);
  assert.equal(bench.download.arrivals.landed(b, 0, BLOCK_BYTES), 'landed');
  assert.equal(bench.download.arrivals.moves.count, 1);
  assert.deepEqual(bench.revoked(), [c.link]);
});

test('a link that still owes a duplicate is not asked for the block again, and the slot is kept only until it comes or is returned', () => {
  const bench = new DownloadBench(1, BLOCK_BYTES, 64);
  const [a, b] = [stalledPeer(bench), bench.peer()];
  bench.land(a, bench.plan(a, 1).concat(bench.endgame(b, 1)).slice(0, 1));
  bench.take();
  assert.equal(bench.download.runs.stored(first, 0, STORED_CORRUPT).kind, 'corrupt');
  assert.deepEqual(bench.plan(b, 1), []);
  assert.equal(bench.ledger.usedFrames, 2, 'the duplicate, and the place that it may be moved to');
  bench.download.arrivals.returned(b, 0, 0);
  assert.deepEqual(bench.ledger.describeLeaks(), []);
  assert.equal(bench.plan(a, 1).length, 1);
});

test('a duplicate whose owner is gone is not fetched for nothing', () => {
  const bench = new DownloadBench(1, BLOCK_BYTES, 64);
  const [a, b] = [stalledPeer(bench), bench.peer()];
  bench.plan(a, 1);
  bench.endgame(b, 1);
  bench.download.arrivals.closed(a);
  assert.equal(bench.download.arrivals.landed(b, 0, 0), 'landed');
  bench.download.arrivals.movesDone();
  assert.deepEqual(bench.take(), ['0/0']);
});

test('when the owner comes first its duplicates are revoked, and what they still bring is wasted', () => {
  const bench = new DownloadBench(1, BLOCK_BYTES, 64);
  const [a, b, c] = [stalledPeer(bench), slowPeer(bench), bench.peer()];
  bench.plan(a, 1);
  bench.endgame(b, 1);
  bench.endgame(c, 1);
  assert.equal(bench.download.arrivals.landed(a, 0, 0), 'landed');
  assert.deepEqual(bench.revoked(), [b.link, c.link]);
  assert.deepEqual(bench.take(), ['0/0']);
  assert.equal(bench.download.runs.stored(first, 0, STORED_VERIFIED).kind, 'verified');
  assert.equal(bench.download.arrivals.landed(b, 0, 0), 'wasted');
  bench.download.arrivals.returned(c, 0, 0);
  assert.deepEqual(bench.ledger.describeLeaks(), []);
});

test('a duplicate that comes first waits for the place, and is moved when its owner has let go', () => {
  for (const letGo of ['returned', 'closed'] as const) {
    const bench = new DownloadBench(1, BLOCK_BYTES, 64);
    const { arrivals } = bench.download;
    const [a, b] = [stalledPeer(bench), bench.peer()];
    const own = bench.plan(a, 1)[0]!;
    const duplicate = bench.endgame(b, 1)[0]!;
    assert.equal(arrivals.landed(b, 0, 0), 'waiting');
    assert.deepEqual(bench.revoked(), [a.link]);
    assert.deepEqual(bench.take(), [], 'the disk may not have it while a socket may write there');
    if (letGo === 'returned') arrivals.returned(a, 0, 0);
    else arrivals.closed(a);
    assert.equal(arrivals.moves.count, 1);
    assert.equal(arrivals.moves.records[MOVE_FROM], duplicate.place);
    assert.equal(arrivals.moves.records[MOVE_TO], own.place);
    assert.equal(bench.ledger.stateOf(duplicate.place), 'receiving', 'kept until it is moved');
    arrivals.movesDone();
    assert.equal(bench.ledger.stateOf(duplicate.place), 'free');
    assert.deepEqual(bench.take(), ['0/0']);
  }
});

test('when the owner comes in after a duplicate, its bytes are taken and nothing is moved', () => {
  const bench = new DownloadBench(1, BLOCK_BYTES, 64);
  const [a, b] = [stalledPeer(bench), bench.peer()];
  bench.plan(a, 1);
  bench.endgame(b, 1);
  assert.equal(bench.download.arrivals.landed(b, 0, 0), 'waiting');
  assert.equal(bench.download.arrivals.landed(a, 0, 0), 'landed');
  assert.equal(bench.download.arrivals.moves.count, 0);
  assert.equal(bench.ledger.usedFrames, 1);
});

test('an answer that nobody owes is a bug of the host, and loud', () => {
  const bench = new DownloadBench(1, 2 * BLOCK_BYTES, 64);
  const [a, b] = [bench.peer(), bench.peer()];
  bench.plan(a, 1);
  assert.throws(
    () => bench.download.arrivals.landed(b, 0, 0),
    /link 2 landed block 0 of piece 0, which it did not owe/,
  );
  assert.throws(() => bench.download.arrivals.returned(b, 0, 0), /link 2 returned block 0 of piece 0/);
});
