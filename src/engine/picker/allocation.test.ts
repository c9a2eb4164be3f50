// Per-block code makes no garbage: 45,000 blocks a second would keep the collector busy instead of the sockets.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { SlotLedger } from '../memory/slot-ledger.ts';
import {
  REQUEST_BEGIN,
  REQUEST_PIECE,
  REQUEST_STRIDE,
  RUN_INDEX,
  RUN_PIECE,
  RUN_STRIDE,
  STORED_VERIFIED,
} from '../ports.ts';
import { Geometry, type PieceIndex, RUN_BLOCKS, RUN_BYTES } from '../torrent/geometry.ts';
import { Download } from './download.ts';
import { DownloadPeer } from './download-peer.ts';
import { PeerPieces } from './peer-pieces.ts';

const DEPTH = RUN_BLOCKS * 4;
const RUNS = 16;

/** Brings in `pieces` pieces of one run each, with a window of requests that is refilled as blocks land. */
function bringIn(download: Download, peer: DownloadPeer, pieces: number): void {
  const batch = new Int32Array(DEPTH * REQUEST_STRIDE);
  const runs = new Int32Array(RUNS * RUN_STRIDE);
  for (const until = download.picker.had.count + pieces; download.picker.had.count < until; ) {
    const planned = download.planner.plan(peer, DEPTH, batch);
    for (let at = 0; at < planned * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      download.arrivals.landed(peer, batch[at + REQUEST_PIECE]!, batch[at + REQUEST_BEGIN]!);
    }
    const taken = download.runs.take(1, runs, RUNS);
    for (let at = 0; at < taken * RUN_STRIDE; at += RUN_STRIDE) {
      download.runs.stored(runs[at + RUN_PIECE] as PieceIndex, runs[at + RUN_INDEX]!, STORED_VERIFIED);
    }
  }
}

/** Heap bytes per block over a stretch so short that the collector seldom runs in it. */
function heapPerBlock(download: Download, peer: DownloadPeer): number {
  const before = process.memoryUsage().heapUsed;
  bringIn(download, peer, 32);
  return (process.memoryUsage().heapUsed - before) / (32 * RUN_BLOCKS);
}

test('planning, landing and storing 200,000 blocks leaves the heap as it was', () => {
  const geometry = new Geometry(8000 * RUN_BYTES, RUN_BYTES);
  const download = new Download(geometry, new SlotLedger(1024), new SeededRandom(1));
  const have = new Bitfield(geometry.pieceCount);
  have.fill();
  const peer = new DownloadPeer(1, new PeerPieces(have));
  download.picker.join(peer.pieces);
  bringIn(download, peer, 3000);
  const stretches = Array.from({ length: 100 }, () => heapPerBlock(download, peer));
  // The median, because a collection in the middle of a stretch makes its growth negative.
  const median = stretches.sort((a, b) => a - b)[50]!;
  console.log(median);
  assert.ok(median < 6, `${median.toFixed(1)} bytes of heap per block`);
});
