// The engine alone, and one stranger who talks to it: what each of his messages costs, and what it makes us send. For
// `npm run bench -- words`.
import assert from 'node:assert/strict';
import { Bitfield } from '#src/base/bitfield.ts';
import { TICK_MS, WRITE_BEHIND_BYTES } from '#src/engine/limits.ts';
import { SlotLedger } from '#src/engine/memory/slot-ledger.ts';
import { PRIORITY_NORMAL } from '#src/engine/picker/piece-picker.ts';
import { OUTCOME_RETURNED, type PeerPort, REQUEST_STRIDE } from '#src/engine/ports.ts';
import { Session } from '#src/engine/session/session.ts';
import { BLOCK_BYTES, Geometry } from '#src/engine/torrent/geometry.ts';
import { encodeHandshake } from '#src/protocol/wire/handshake.ts';
import { BITFIELD, HAVE_NONE } from '#src/protocol/wire/message-id.ts';
import { REQUEST_MESSAGE_BYTES } from '#src/protocol/wire/message-writer.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { sha1 } from '#src/testing/sha1.ts';

/** A large torrent: 100,000 pieces, of which we have every second. */
export const PIECES = 100_000;
const PIECE_BYTES: number = 16 * BLOCK_BYTES;
/** As many as leave a stranger his place. */
const OTHERS = 70;
const FRAMES = 8192;
const INFO_HASH: Uint8Array = new Uint8Array(20).fill(7);
const INFO_BYTES = 2_000_000;
const PREFIX_BYTES = 5;

const nothing = (): undefined => undefined;

export class WordScene {
  readonly session: Session;
  /** What the present stranger made us send. */
  sentBytes = 0;
  /** The stranger was shown out. */
  out = false;
  readonly #held = new Map<string, number[]>();
  #returned: number[] = [];
  #nowMs: number = performance.now();
  #tickMs = 0;
  #link = 1;

  constructor() {
    const peers: PeerPort = {
      connect: nothing,
      share: nothing,
      unshare: nothing,
      limitMessages: nothing,
      serve: nothing,
      move: nothing,
      send: (link, bytes) => this.#count(link, bytes.length),
      request: (link, batch, count) => {
        this.#count(link, count * REQUEST_MESSAGE_BYTES);
        this.#hold(link, batch, count);
      },
      revoke: (link, piece, begin) => this.#revoke(`${link}|${piece}|${begin}`),
      revokeAll: (link) => {
        for (const key of [...this.#held.keys()]) if (key.startsWith(`${link}|`)) this.#revoke(key);
      },
      close: (link) => {
        if (link === this.#link) this.out = true;
      },
    };
    this.session = new Session({
      clock: { nowMs: () => this.#nowMs },
      random: new SeededRandom(1),
      ledger: new SlotLedger(FRAMES),
      peers,
      storage: { storeRuns: nothing, forgetPiece: nothing, readBlocks: nothing },
      trackers: { announce: nothing, cancel: nothing },
      peerId: new Uint8Array(20).fill(200),
      clientName: 'a measurement',
      sha1,
      peersMax: 200,
      listenPort: () => 6881,
      pex: true,
      writeBehindBytes: WRITE_BEHIND_BYTES,
    });
    this.#addTorrent();
    for (let peer = 0; peer < OTHERS; peer++) this.#meet(BITFIELD, new Uint8Array(PIECES / 8).fill(0x0f));
  }

  /** A stranger who has nothing yet comes in. */
  meet(): void {
    this.session.closed(this.#link, { code: 'ERR_LINK_CLOSED', message: 'is gone' });
    this.out = false;
    this.#meet(HAVE_NONE, new Uint8Array(0));
    assert(!this.out, 'the stranger is let in');
    this.sentBytes = 0;
  }

  say(id: number, payload: Uint8Array): void {
    this.session.message(this.#link, id, payload);
  }

  /** The end of what one read brought. Time goes by, and when a tick is due it comes. */
  pause(): void {
    this.#nowMs = performance.now();
    if (this.#returned.length > 0) {
      const batch = Int32Array.from(this.#returned);
      this.#returned = [];
      this.session.blocks(batch, batch.length / 5);
    }
    this.session.messagesDone(this.#link);
    if (this.#nowMs < this.#tickMs) return;
    this.#tickMs = this.#nowMs + TICK_MS;
    this.session.tick();
  }

  #addTorrent(): void {
    const had = new Bitfield(PIECES);
    for (let at = 0; at < had.byteLength; at++) had.bytes[at] = 0x55;
    had.recount();
    const spec = {
      infoHash: INFO_HASH,
      geometry: new Geometry(PIECES * PIECE_BYTES, PIECE_BYTES),
      store: 0,
      had,
      priorities: new Uint8Array(PIECES).fill(PRIORITY_NORMAL),
      sequential: false,
      tiers: [],
      seed: true,
      private: false,
      infoBytes: new Uint8Array(INFO_BYTES),
    };
    const observer = { phaseChanged: nothing, pieceVerified: nothing, warned: nothing, failed: nothing };
    this.session.add(spec, { ...observer, goalReached: nothing }).dispatch({ type: 'resume' });
  }

  #meet(first: number, payload: Uint8Array): void {
    this.#link += 2;
    const link = this.#link;
    // Each is somebody whom nobody knows yet.
    this.session.incoming(link, { host: `10.${(link >> 16) & 255}.${(link >> 8) & 255}.${link & 255}`, port: 6881 });
    const peerId = new Uint8Array(20).fill(2);
    new DataView(peerId.buffer).setUint32(0, link);
    this.session.handshake(
      link,
      encodeHandshake({ infoHash: INFO_HASH, peerId, extensions: true, fast: true, dht: true }),
    );
    this.session.message(link, first, payload);
  }

  #count(link: number, bytes: number): void {
    if (link === this.#link) this.sentBytes += bytes;
  }

  #hold(link: number, batch: Int32Array, count: number): void {
    for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      const [piece = 0, begin = 0, length = 0] = batch.subarray(at, at + 3);
      this.#held.set(`${link}|${piece}|${begin}`, [link, piece, begin, length, OUTCOME_RETURNED]);
    }
  }

  #revoke(key: string): void {
    this.#returned.push(...(this.#held.get(key) ?? []));
    this.#held.delete(key);
  }
}

/** Bytes of a message on the wire. */
export function wireBytes(payload: Uint8Array): number {
  return PREFIX_BYTES + payload.length;
}
