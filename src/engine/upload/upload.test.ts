// Requests and their answers: what is read for them, what goes out, in what order, and what is refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { readUint32 } from '../../base/bytes.ts';
import { WANTED_PER_PEER_MAX } from '../limits.ts';
import { SlotLedger } from '../memory/slot-ledger.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import * as ports from '../ports.ts';
import { Peer } from '../swarm/peer.ts';
import { TokenBucket } from '../swarm/token-bucket.ts';
import { BLOCK_BYTES, Geometry, type PieceIndex } from '../torrent/geometry.ts';
import type { TorrentPeers } from '../torrent/metered-peers.ts';
import { UPLOAD_QUEUE_BYTES_START } from './limits.ts';
import { StretchCache } from './stretch-cache.ts';
import { Upload } from './upload.ts';

const PIECES = 100;
const PIECE_BLOCKS = 4;
const REJECT_AT = 5;

/** A block in words: piece and number within it. */
type Block = `${number}.${number}`;

interface Read {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly place: number;
}

/** A torrent that gives, between a disk and links that do nothing until they are told to. */
class Desk {
  readonly ledger: SlotLedger;
  readonly limit: TokenBucket;
  readonly upload: Upload;
  readonly had = new Bitfield(PIECES);
  /** What the disk was ever asked for. */
  readonly reads: Read[] = [];
  /** What each peer was given, and what was refused it. */
  readonly given: Block[][] = [];
  readonly refused: Block[][] = [];
  readonly emptied: number[] = [];
  #answered = 0;

  constructor({ frames = 1024, bytesPerSecond = 0 } = {}) {
    this.ledger = new SlotLedger(frames);
    this.limit = new TokenBucket(bytesPerSecond);
    this.had.fill();
    this.upload = new Upload({
      geometry: new Geometry(PIECES * PIECE_BLOCKS * BLOCK_BYTES, PIECE_BLOCKS * BLOCK_BYTES),
      store: 7,
      had: this.had,
      cache: new StretchCache(this.ledger),
      peers: {
        serve: (link: number, batch: Int32Array, count: number) => this.#serve(link, batch, count),
        send: (link: number, bytes: Uint8Array) =>
          this.refused[link]!.push(blockOf(readUint32(bytes, REJECT_AT), readUint32(bytes, REJECT_AT + 4))),
      } as unknown as TorrentPeers,
      storage: {
        storeRuns: () => assert.fail('nothing is stored'),
        forgetPiece: () => assert.fail('nothing is forgotten'),
        readBlocks: (batch, count) => this.#record(batch, count),
      },
      limit: this.limit,
      slots: { count: 1 },
    });
    this.upload.emptied = ({ link }) => this.emptied.push(link);
  }

  peer(): Peer {
    const link = this.given.push([]) - 1;
    this.refused.push([]);
    const peer = new Peer(link, { host: '192.0.2.1', port: 1 }, true, new PeerPieces(new Bitfield(PIECES)));
    peer.weChoke = false;
    peer.fast = true;
    return peer;
  }

  ask(peer: Peer, ...blocks: readonly Block[]): void {
    for (const block of blocks) {
      const [piece, number] = block.split('.').map(Number);
      this.upload.request(peer, piece!, number! * BLOCK_BYTES, BLOCK_BYTES);
    }
    this.upload.pump(peer, 0);
  }

  /** The disk answers the oldest `count` of its reads, and everybody gets his turn. */
  disk(count: number = this.reads.length - this.#answered, ok = true): void {
    for (let left = count; left > 0; left--) this.upload.blockRead(this.reads[this.#answered++]!.place, ok);
    this.upload.takeTurns(0);
  }

  #record(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * ports.READ_STRIDE; at += ports.READ_STRIDE) {
      assert.equal(batch[at + ports.READ_STORE], 7);
      assert.equal(batch[at + ports.READ_TICKET], batch[at + ports.READ_PLACE]);
      const [piece, begin] = [batch[at + ports.READ_PIECE]!, batch[at + ports.READ_BEGIN]!];
      this.reads.push({ piece, begin, length: batch[at + ports.READ_LENGTH]!, place: batch[at + ports.READ_PLACE]! });
    }
  }

  #serve(link: number, batch: Int32Array, count: number): void {
    for (let at = 0; at < count * ports.SERVE_STRIDE; at += ports.SERVE_STRIDE) {
      const [piece, begin] = [batch[at + ports.SERVE_PIECE]!, batch[at + ports.SERVE_BEGIN]!];
      const read = this.reads.findLast(({ place }) => place === batch[at + ports.SERVE_PLACE]);
      assert.equal(read?.piece, piece, 'the place holds that piece');
      assert.equal(read.begin + batch[at + ports.SERVE_OFFSET]!, begin, 'the offset leads to the block');
      assert.equal(batch[at + ports.SERVE_LENGTH], BLOCK_BYTES);
      this.given[link]!.push(blockOf(piece, begin));
    }
  }
}

function blockOf(piece: number, begin: number): Block {
  return `${piece}.${begin / BLOCK_BYTES}`;
}

test('blocks go out in the order in which they were asked for, from where they were read to', () => {
  const desk = new Desk();
  const peer = desk.peer();
  desk.ask(peer, '3.1', '3.2', '9.0', '3.0', '9.3');
  assert.deepEqual(desk.given[0], []);
  desk.disk();
  assert.deepEqual(desk.given[0], ['3.1', '3.2', '9.0', '3.0', '9.3']);
  assert.deepEqual([peer.uploads.blocksInFlight, desk.upload.totalBytes], [5, 0]);
  desk.upload.served(peer, 4, 0);
  assert.deepEqual(desk.emptied, []);
  desk.upload.served(peer, 1, 0);
  assert.deepEqual([desk.upload.totalBytes, desk.upload.inFlight], [5 * BLOCK_BYTES, 0]);
  assert.deepEqual(desk.emptied, [0]);
});

test('what several peers ask for is read once, and what was read is not read again', () => {
  const desk = new Desk();
  const [first, second] = [desk.peer(), desk.peer()];
  desk.ask(first, '5.0', '5.1');
  desk.ask(second, '5.1');
  desk.disk();
  desk.ask(second, '5.0');
  assert.deepEqual(desk.given, [
    ['5.0', '5.1'],
    ['5.1', '5.0'],
  ]);
  assert.equal(desk.reads.length, 1);
});

test('a request that is taken back is refused by name, and not given; one that is on its way is the answer', () => {
  const desk = new Desk();
  const peer = desk.peer();
  desk.ask(peer, '1.0', '1.1', '1.2');
  desk.upload.cancel(peer, 1, BLOCK_BYTES, BLOCK_BYTES);
  desk.upload.cancel(peer, 1, 3 * BLOCK_BYTES, BLOCK_BYTES);
  desk.disk();
  desk.upload.cancel(peer, 1, 0, BLOCK_BYTES);
  assert.deepEqual([desk.given[0], desk.refused[0]], [['1.0', '1.2'], ['1.1']]);
  desk.ask(peer, '1.3');
  desk.disk();
  assert.deepEqual(desk.given[0], ['1.0', '1.2', '1.3'], 'the count of what is covered stays right');
});

test('what is not ours to give is refused, of who understands that', () => {
  const desk = new Desk();
  desk.had.delete(2);
  const peer = desk.peer();
  const asks: readonly (readonly [number, number, number])[] = [
    [2, 0, BLOCK_BYTES],
    [PIECES, 0, BLOCK_BYTES],
    [0, 0, BLOCK_BYTES + 1],
    [0, (PIECE_BLOCKS - 1) * BLOCK_BYTES + 1, BLOCK_BYTES],
    [0, 0, 0],
  ];
  for (const [piece, begin, length] of asks) assert.ok(!desk.upload.request(peer, piece, begin, length));
  assert.equal(desk.refused[0]!.length, asks.length);
  desk.upload.withholds = (_peer, piece) => piece === 4;
  assert.ok(!desk.upload.request(peer, 4, 0, BLOCK_BYTES));
  desk.upload.open = false;
  assert.ok(!desk.upload.request(peer, 1, 0, BLOCK_BYTES));
  desk.upload.open = true;
  for (let at = 0; at < WANTED_PER_PEER_MAX; at++) assert.ok(desk.upload.request(peer, 1, 0, BLOCK_BYTES));
  assert.ok(!desk.upload.request(peer, 1, 0, BLOCK_BYTES));
  const old = desk.peer();
  old.fast = false;
  assert.ok(!desk.upload.request(old, 2, 0, BLOCK_BYTES));
  assert.deepEqual(desk.refused[1], []);
});

test('who is choked has what waits refused, but for pieces that it may have all the same', () => {
  const desk = new Desk();
  const peer = desk.peer();
  desk.upload.servesWhileChoked = (_peer, piece) => piece === 8;
  desk.ask(peer, '7.0', '8.0', '7.1');
  peer.weChoke = true;
  desk.upload.choked(peer);
  desk.ask(peer, '7.2', '8.1');
  desk.disk();
  assert.deepEqual(
    [desk.given[0], desk.refused[0]],
    [
      ['8.0', '8.1'],
      ['7.0', '7.1', '7.2'],
    ],
  );
});

test('what cannot be read is refused to all who wait for it, and others go on', () => {
  const desk = new Desk();
  const [first, second, third] = [desk.peer(), desk.peer(), desk.peer()];
  desk.ask(first, '1.0', '1.1');
  desk.ask(second, '1.1');
  desk.ask(third, '6.0');
  desk.disk(1, false);
  assert.deepEqual(desk.refused, [['1.0', '1.1'], ['1.1'], []]);
  desk.disk();
  desk.ask(first, '1.0', '6.1');
  desk.disk();
  assert.deepEqual(desk.given, [['1.0', '6.1'], [], ['6.0']], 'it may be asked for again');
});

test('a piece that is lost is refused from then on, and so is what waits for it', () => {
  const desk = new Desk();
  const peer = desk.peer();
  desk.ask(peer, '1.0', '2.0');
  desk.had.delete(1);
  desk.upload.forgetPiece(1 as PieceIndex);
  desk.disk();
  assert.deepEqual([desk.given[0], desk.refused[0]], [['2.0'], ['1.0']]);
});

test('a link holds so much, and gets more when that has left', () => {
  const desk = new Desk();
  const peer = desk.peer();
  const blocks = Array.from({ length: 80 }, (_, at): Block => `${at >> 2}.${at & 3}`);
  desk.ask(peer, ...blocks);
  desk.disk();
  const atOnce = UPLOAD_QUEUE_BYTES_START / BLOCK_BYTES;
  assert.deepEqual(desk.given[0], blocks.slice(0, atOnce));
  desk.upload.served(peer, 10, 0);
  desk.disk();
  assert.deepEqual(desk.given[0], blocks.slice(0, atOnce + 10));
});

test('under a limit each has its turn, and nobody’s leaving costs another his', () => {
  const desk = new Desk({ bytesPerSecond: 1e6 });
  const peers = [desk.peer(), desk.peer(), desk.peer()];
  for (const peer of peers) desk.ask(peer, '1.0', '1.1', '1.2', '1.3');
  desk.disk();
  desk.disk();
  const order: number[] = [];
  const turn = (): void => {
    const before = desk.given.map(({ length }) => length);
    assert.ok(desk.upload.serveInTurn(1000));
    order.push(desk.given.findIndex(({ length }, at) => length > before[at]!));
  };
  for (let at = 0; at < 4; at++) turn();
  desk.upload.peerClosed(peers[0]!);
  for (let at = 0; at < 4; at++) turn();
  assert.deepEqual(order, [0, 1, 2, 0, 1, 2, 1, 2]);
});

test('whoever found no room for a read has it as soon as others’ blocks have left', () => {
  const desk = new Desk({ frames: 4 });
  // While something is downloaded a quarter of the memory is for uploads.
  desk.ledger.reserve(BLOCK_BYTES, 'run');
  const [first, second] = [desk.peer(), desk.peer()];
  desk.ask(first, '1.0');
  desk.disk();
  desk.ask(second, '2.0');
  desk.disk();
  const before = desk.reads.length;
  assert.deepEqual(desk.given[1], []);
  desk.upload.served(first, desk.given[0]!.length, 0);
  assert.ok(desk.reads.length > before);
  desk.disk();
  assert.deepEqual(desk.given[1], ['2.0']);
});

test('a peer that goes takes its blocks and requests along, and nothing stays in use', () => {
  const desk = new Desk();
  const peer = desk.peer();
  desk.ask(peer, '1.0', '1.1', '9.0');
  desk.disk(1);
  desk.upload.peerClosed(peer);
  desk.upload.forget();
  assert.equal(desk.upload.inFlight, 1, 'a read is under way');
  desk.disk();
  assert.equal(desk.upload.inFlight, 0);
  assert.deepEqual(desk.ledger.describeLeaks(), []);
  assert.deepEqual(desk.given[0], ['1.0', '1.1']);
});
