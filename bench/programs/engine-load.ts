// What the engine alone costs: the real Session over a host that has no sockets and no disk. What is asked for has landed,
// what is stored is verified; time is counted, not waited for. `engine-load.js KIND …` prints one line of JSON:
//   blocks PEERS TORRENTS BATCH     CPU per block, when the host tells of BATCH blocks at once; cost of a tick, heap of a peer
//   torrents COUNT                  heap and tick of torrents that are complete and have no peers
import process from 'node:process';
import { Bitfield } from '#src/base/bitfield.ts';
import { TICK_MS, WRITE_BEHIND_BYTES } from '#src/engine/limits.ts';
import { SlotLedger } from '#src/engine/memory/slot-ledger.ts';
import { PRIORITY_NORMAL } from '#src/engine/picker/piece-picker.ts';
import {
  BLOCK_STRIDE,
  OUTCOME_LANDED,
  type PeerPort,
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_STRIDE,
  RUN_INDEX,
  RUN_PIECE,
  RUN_STORE,
  RUN_STRIDE,
  STORED_STRIDE,
  STORED_VERIFIED,
  type StoragePort,
} from '#src/engine/ports.ts';
import { Session } from '#src/engine/session/session.ts';
import { BLOCK_BYTES, Geometry } from '#src/engine/torrent/geometry.ts';
import { encodeHandshake } from '#src/protocol/wire/handshake.ts';
import { BITFIELD, UNCHOKE } from '#src/protocol/wire/message-id.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';

const PIECE_BYTES = 2 ** 20;
const PIECES = 8192;
const FRAMES = 8192;
const WARM_BLOCKS = 100_000;
const BLOCKS = 400_000;
/** Records that can be under way: more than all requests in flight of all torrents. */
const RING = 2 ** 18;
/** Virtual time per block: 10 Gbit/s. */
const MS_PER_BLOCK = (BLOCK_BYTES * 8) / 1e7;
const TICKS = 50;

const nothing = (): undefined => undefined;

/** A host for which everything has happened as soon as it is told. */
class HostOfNothing {
  readonly #ring = new Int32Array(RING * BLOCK_STRIDE);
  #head = 0;
  #tail = 0;
  readonly #stored = new Int32Array(1024 * STORED_STRIDE);
  #storedCount = 0;

  readonly peers: PeerPort = {
    connect: nothing,
    share: nothing,
    unshare: nothing,
    send: nothing,
    limitMessages: nothing,
    request: (link, batch, count) => this.#land(link, batch, count),
    revoke: nothing,
    revokeAll: nothing,
    serve: nothing,
    move: nothing,
    close: (link) => {
      throw new Error(`the engine closed link ${link}`);
    },
  };

  readonly storage: StoragePort = {
    storeRuns: (batch, count) => this.#store(batch, count),
    forgetPiece: nothing,
    readBlocks: nothing,
  };

  /** Tells of up to `most` blocks, in the order in which they were asked for. Returns how many. */
  tell(session: Session, most: number): number {
    const at = this.#head % RING;
    const count = Math.min(most, this.#tail - this.#head, RING - at);
    if (count > 0) session.blocks(this.#ring.subarray(at * BLOCK_STRIDE, (at + count) * BLOCK_STRIDE), count);
    this.#head += count;
    const stored = this.#storedCount;
    if (stored > 0) {
      this.#storedCount = 0;
      session.runsStored(this.#stored.slice(0, stored * STORED_STRIDE), stored);
    }
    return count;
  }

  #land(link: number, batch: Int32Array, count: number): void {
    const ring = this.#ring;
    for (let record = 0; record < count * REQUEST_STRIDE; record += REQUEST_STRIDE) {
      const at = (this.#tail++ % RING) * BLOCK_STRIDE;
      ring[at] = link;
      ring[at + 1] = batch[record + REQUEST_PIECE]!;
      ring[at + 2] = batch[record + REQUEST_BEGIN]!;
      ring[at + 3] = batch[record + REQUEST_LENGTH]!;
      ring[at + 4] = OUTCOME_LANDED;
    }
  }

  #store(batch: Int32Array, count: number): void {
    for (let record = 0; record < count * RUN_STRIDE; record += RUN_STRIDE) {
      const at = this.#storedCount++ * STORED_STRIDE;
      this.#stored[at] = batch[record + RUN_STORE]!;
      this.#stored[at + 1] = batch[record + RUN_PIECE]!;
      this.#stored[at + 2] = batch[record + RUN_INDEX]!;
      this.#stored[at + 3] = STORED_VERIFIED;
    }
  }
}

let nowMs = 1;
const host = new HostOfNothing();
const random = new SeededRandom(1);

function makeSession(peersMax: number): Session {
  return new Session({
    clock: { nowMs: () => nowMs },
    random,
    ledger: new SlotLedger(FRAMES),
    peers: host.peers,
    storage: host.storage,
    trackers: { announce: nothing, cancel: nothing },
    peerId: new Uint8Array(20).fill(1),
    clientName: 'a measurement',
    sha1: () => new Uint8Array(20),
    peersMax,
    listenPort: () => 0,
    pex: false,
    writeBehindBytes: WRITE_BEHIND_BYTES,
  });
}

function infoHashOf(store: number): Uint8Array {
  const infoHash = new Uint8Array(20);
  new DataView(infoHash.buffer).setUint32(0, store);
  return infoHash;
}

function addTorrent(session: Session, store: number, pieces: number, complete: boolean): void {
  const had = new Bitfield(pieces);
  if (complete) had.fill();
  const spec = {
    infoHash: infoHashOf(store),
    geometry: new Geometry(pieces * PIECE_BYTES, PIECE_BYTES),
    store,
    had,
    priorities: new Uint8Array(pieces).fill(PRIORITY_NORMAL),
    sequential: false,
    tiers: [],
    seed: true,
    private: true,
  };
  const observer = { phaseChanged: nothing, pieceVerified: nothing, warned: nothing, failed: nothing };
  session.add(spec, { ...observer, goalReached: nothing }).dispatch({ type: 'resume' });
}

/** Somebody who has everything connects, and says so. */
function meetSeed(session: Session, peer: number, torrents: number): void {
  const link = peer * 2 + 1;
  session.incoming(link, { host: `10.${peer >> 16}.${(peer >> 8) & 255}.${peer & 255}`, port: 6881 });
  const peerId = new Uint8Array(20).fill(2);
  new DataView(peerId.buffer).setUint32(0, peer);
  const infoHash = infoHashOf(1 + (peer % torrents));
  session.handshake(link, encodeHandshake({ infoHash, peerId, extensions: false, fast: false, dht: false }));
  session.message(link, BITFIELD, new Uint8Array(PIECES / 8).fill(255));
  session.message(link, UNCHOKE, new Uint8Array());
  session.messagesDone(link);
}

function heapBytes(): number {
  for (let round = 0; round < 3; round++) globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU of one tick, in milliseconds. */
function tickCost(session: Session): number {
  const before = cpuMs();
  for (let tick = 0; tick < TICKS; tick++) {
    nowMs += TICK_MS;
    session.tick();
  }
  return (cpuMs() - before) / TICKS;
}

/** Lets so many blocks through; returns the CPU of each in microseconds, ticks included. */
function flow(session: Session, blocks: number, batch: number): number {
  const before = cpuMs();
  let nextTickMs = nowMs + TICK_MS;
  for (let told = 0; told < blocks; ) {
    const count = host.tell(session, batch);
    told += count;
    nowMs += count * MS_PER_BLOCK;
    if (count === 0) nowMs = nextTickMs;
    if (nowMs < nextTickMs) continue;
    session.tick();
    nextTickMs = nowMs + TICK_MS;
  }
  return ((cpuMs() - before) / blocks) * 1000;
}

function measureBlocks(peers: number, torrents: number, batch: number): Record<string, number> {
  const session = makeSession(peers + 10);
  for (let store = 1; store <= torrents; store++) addTorrent(session, store, PIECES, false);
  const heapBefore = heapBytes();
  for (let peer = 0; peer < peers; peer++) {
    meetSeed(session, peer, torrents);
    if (peer % 64 === 63) session.tick();
  }
  const heapOfPeer = (heapBytes() - heapBefore) / peers;
  let connected = 0;
  for (const torrent of session.torrents) connected += torrent.swarm.size;
  if (connected !== peers) throw new Error(`${connected} of ${peers} peers are connected`);
  flow(session, WARM_BLOCKS, batch);
  const microsecondsPerBlock = flow(session, BLOCKS, batch);
  return { microsecondsPerBlock, tickMs: tickCost(session), heapKibPerPeer: heapOfPeer / 1024 };
}

function measureTorrents(count: number): Record<string, number> {
  const session = makeSession(50);
  addTorrent(session, 1, 512, true);
  const heapBefore = heapBytes();
  const before = cpuMs();
  for (let store = 2; store <= count + 1; store++) addTorrent(session, store, 512, true);
  const addMs = (cpuMs() - before) / count;
  const heapKibPerTorrent = (heapBytes() - heapBefore) / count / 1024;
  // Those that were just added are looked at once before they sleep.
  for (let tick = 0; tick < 20; tick++) {
    nowMs += TICK_MS;
    session.tick();
  }
  return { heapKibPerTorrent, addMs, tickMs: tickCost(session) };
}

const [kind = '', ...numbers] = process.argv.slice(2);
const [first = 1, second = 1, third = 1] = numbers.map(Number);
const figures = kind === 'blocks' ? measureBlocks(first, second, third) : measureTorrents(first);
process.stdout.write(`${JSON.stringify(figures)}\n`);
