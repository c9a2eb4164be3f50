import assert from 'node:assert/strict';
import test from 'node:test';
import { SlotLedger } from '../memory/slot-ledger.ts';
import { BLOCK_BYTES, Geometry, type PieceIndex } from '../torrent/geometry.ts';
import type { Stretch } from './stretch.ts';
import { StretchCache } from './stretch-cache.ts';
import { StretchTable } from './stretch-table.ts';

const PIECE_BYTES = 4 * BLOCK_BYTES;

function scene(frames = 64) {
  const ledger = new SlotLedger(frames);
  const cache = new StretchCache(ledger);
  const table = new StretchTable(new Geometry(100 * PIECE_BYTES, PIECE_BYTES));
  const open = (piece: number) => cache.open(table, { piece: piece as PieceIndex, begin: 0, length: PIECE_BYTES }, 1);
  const read = (piece: number): Stretch => cache.readDone(open(piece)!.place, true);
  return { ledger, cache, table, open, read };
}

test('what is being sent stays, whatever a download needs; the rest gives way to it', () => {
  const { ledger, cache, table, read } = scene(16);
  const [sent, idle] = [read(0), read(1)];
  cache.pin(sent, 1, BLOCK_BYTES);
  assert.equal(ledger.usedFrames, 4, 'what nobody uses does not count');
  assert.ok(ledger.reserve(8 * BLOCK_BYTES, 'run') >= 0);
  assert.ok(ledger.reserve(4 * BLOCK_BYTES, 'run') >= 0);
  assert.deepEqual([sent.state, idle.state], ['ready', 'gone']);
  assert.equal(ledger.reserve(BLOCK_BYTES, 'run'), -1);
  assert.equal(table.find(0, 0, BLOCK_BYTES), sent);
});

test('a stretch is let go of as often as it was taken, and no more', () => {
  const { cache, read } = scene();
  const stretch = read(0);
  cache.pin(stretch, 1, BLOCK_BYTES);
  cache.pin(stretch, 2, BLOCK_BYTES);
  cache.unpin(stretch);
  cache.unpin(stretch);
  assert.throws(() => cache.unpin(stretch), /park of place/);
});

test('a torrent that stops leaves nothing once its reads and blocks are done', () => {
  const { ledger, cache, table, open, read } = scene();
  const [reading, sent] = [open(0)!, read(1)];
  read(2);
  cache.pin(sent, 1, BLOCK_BYTES);
  cache.drop(table);
  assert.equal(table.busy, 2);
  cache.readDone(reading.place, true);
  cache.unpin(sent);
  assert.equal(table.busy, 0);
  assert.deepEqual(ledger.describeLeaks(), []);
});

test('uploads keep to their share while something is downloaded', () => {
  const { ledger, cache, open } = scene();
  ledger.reserve(BLOCK_BYTES, 'run');
  assert.equal(cache.framesMax, 16);
  for (let piece = 0; piece < 4; piece++) assert.ok(open(piece));
  assert.equal(open(4), undefined);
});

test('what was given away goes first, then what somebody is about to ask the rest of, and last what several ask for', () => {
  const { ledger, cache, read } = scene(32);
  const [hot, pending, spent] = [read(0), read(1), read(2)];
  const give = (stretch: Stretch, link: number, bytes: number): void => {
    cache.pin(stretch, link, bytes);
    cache.unpin(stretch);
  };
  give(hot, 1, PIECE_BYTES);
  give(hot, 2, BLOCK_BYTES);
  give(pending, 1, PIECE_BYTES - BLOCK_BYTES);
  give(spent, 1, PIECE_BYTES);
  const states: string[] = [];
  for (let frames = 0; frames < 32; frames += 4) {
    assert.ok(ledger.reserve(PIECE_BYTES, 'run') >= 0);
    states.push([hot, pending, spent].map(({ state }) => (state === 'gone' ? '-' : '+')).join(''));
  }
  assert.deepEqual(states.slice(-4), ['+++', '++-', '+--', '---']);
});
