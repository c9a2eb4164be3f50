// The price of a block that is served: its places are asked for, sent and let go of without garbage, and nothing on the
// way touches its bytes. What a stretch of 64 blocks costs, a record in the cache, is shared by its blocks.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { SlotLedger } from '../memory/slot-ledger.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { READ_STRIDE, READ_TICKET, SERVE_PLACE, SERVE_STRIDE, type StoragePort } from '../ports.ts';
import { Peer } from '../swarm/peer.ts';
import { TokenBucket } from '../swarm/token-bucket.ts';
import { BLOCK_BYTES, Geometry, RUN_BLOCKS, RUN_BYTES } from '../torrent/geometry.ts';
import type { TorrentPeers } from '../torrent/metered-peers.ts';
import { StretchCache } from './stretch-cache.ts';
import { Upload } from './upload.ts';

const PIECES = 2000;
const PARTS = 40;
const PIECES_PER_PART = 30;
/** Opening a stretch of 64 blocks takes some 760 bytes, 12 a block; the smallest object for each block would add 24 to 32. */
const BYTES_PER_BLOCK_MAX = 20;

/** Serves pieces to one peer that asks for each in order; disk and socket answer at once, and keep nothing. */
class Server {
  served = 0;
  copied = 0;
  readonly #upload: Upload;
  readonly #peer: Peer;
  readonly #tickets = new Int32Array(1024);
  #ticketCount = 0;
  #leaving = 0;
  #piece = 0;

  constructor() {
    const geometry = new Geometry(PIECES * RUN_BYTES, RUN_BYTES);
    const had = new Bitfield(PIECES);
    had.fill();
    const storage: StoragePort = {
      storeRuns: () => assert.fail('nothing is stored'),
      forgetPiece: () => assert.fail('nothing is forgotten'),
      readBlocks: (batch, count) => {
        for (let at = 0; at < count; at++) this.#tickets[this.#ticketCount++] = batch[at * READ_STRIDE + READ_TICKET]!;
      },
    };
    const peers = {
      serve: (_: number, batch: Int32Array, count: number) => {
        for (let at = 0; at < count; at++) assert.ok(batch[at * SERVE_STRIDE + SERVE_PLACE]! >= 0);
        this.#leaving += count;
      },
      move: () => {
        this.copied++;
      },
      send: () => assert.fail('nothing is refused'),
    } as unknown as TorrentPeers;
    const cache = new StretchCache(new SlotLedger(64 * RUN_BLOCKS));
    const parts = { geometry, store: 1, had, cache, peers, storage, limit: new TokenBucket(0), slots: { count: 1 } };
    this.#upload = new Upload(parts);
    this.#peer = new Peer(2, { host: '192.0.2.1', port: 1 }, true, new PeerPieces(new Bitfield(PIECES)));
    this.#peer.weChoke = false;
  }

  serve(pieces: number): void {
    for (let done = 0; done < pieces; done++) {
      this.#piece = (this.#piece + 1) % PIECES;
      for (let begin = 0; begin < RUN_BYTES; begin += BLOCK_BYTES)
        this.#upload.request(this.#peer, this.#piece, begin, BLOCK_BYTES);
      this.#upload.pump(this.#peer, 0);
      while (this.#ticketCount > 0 || this.#leaving > 0) this.#turn();
    }
  }

  #turn(): void {
    while (this.#ticketCount > 0) this.#upload.blockRead(this.#tickets[--this.#ticketCount]!, true);
    this.#upload.takeTurns(0);
    const leaving = this.#leaving;
    this.#leaving = 0;
    this.served += leaving;
    if (leaving > 0) this.#upload.served(this.#peer, leaving, 0);
  }
}

test('serving a hundred thousand blocks leaves the heap as it was, and copies none', () => {
  const server = new Server();
  server.serve(1000);
  const growths = Array.from({ length: PARTS }, () => {
    const before = process.memoryUsage().heapUsed;
    server.serve(PIECES_PER_PART);
    return (process.memoryUsage().heapUsed - before) / (PIECES_PER_PART * RUN_BLOCKS);
  });
  assert.equal(server.served, (1000 + PARTS * PIECES_PER_PART) * RUN_BLOCKS);
  assert.equal(server.copied, 0);
  // The median: a collection or the compiler spoils a part or two, but not half of them.
  const median = growths.sort((a, b) => a - b)[PARTS / 2]!;
  assert.ok(median < BYTES_PER_BLOCK_MAX, `${median.toFixed(1)} bytes of heap per block`);
});
