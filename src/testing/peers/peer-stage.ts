// Where the conformance of a PeerPort is played: a host under test, its recorder, and raw peers around it.
import assert from 'node:assert/strict';
import {
  type LinkId,
  type PeerAddress,
  type PeerPort,
  type PeerSink,
  REQUEST_STRIDE,
  SERVE_STRIDE,
} from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../engine/torrent/geometry.ts';
import { Arena } from '../../host/memory/arena.ts';
import { blockBytes, rawHandshake, rawMessage } from '../wire/raw-messages.ts';
import { dialEncrypted, listenEncrypted } from '../wire/raw-mse.ts';
import { PeerRecorder } from './peer-recorder.ts';
import { RawConnection, RawListener } from './raw-peer.ts';

/** A host under test. */
export interface PeerSubject {
  readonly port: PeerPort;
  listen(host: string, port: number): Promise<PeerAddress>;
  shutdown(): Promise<void>;
  /** Raw peers have to encrypt for STAGE_INFO_HASH. Default: they may not. */
  readonly encrypted?: boolean;
  /** The port that all strangers are seen to come from, where it is not their socket's: a gateway's. */
  readonly strangersPort?: number;
  /** A stranger is told of with its first word. */
  readonly heardAtFirstWord?: boolean;
  /** Block bytes received so far, by the way that they took. */
  receivedBytes(): { readonly placed: number; readonly copied: number };
}

export type PeerMaker = (arena: Arena, sink: PeerSink) => PeerSubject | Promise<PeerSubject>;

/** A block wanted, and its place. */
export interface Wanted {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly place: number;
}

/** The torrent that all links of a stage are about: that of `rawHandshake`. */
export const STAGE_INFO_HASH: Uint8Array = new Uint8Array(20).fill(0x41);

const FRAMES = 16;
const CONNECT_TIMEOUT_MS = 5000;

/** Full blocks of piece 3, block k on place k. */
export function wanted(...blocks: readonly number[]): Wanted[] {
  return blocks.map((k) => ({ piece: 3, begin: k * BLOCK_BYTES, length: BLOCK_BYTES, place: k }));
}

export function bytesOf(block: Wanted): Uint8Array {
  return blockBytes(block.piece, block.begin, block.length);
}

/** What a REQUEST (6) or CANCEL (8) for a block looks like on the wire. */
export function rawRange(id: number, block: Wanted): Uint8Array {
  const payload = new Uint8Array(12);
  const view = new DataView(payload.buffer);
  view.setUint32(0, block.piece);
  view.setUint32(4, block.begin);
  view.setUint32(8, block.length);
  return rawMessage(id, payload);
}

export class PeerStage {
  readonly arena: Arena;
  readonly recorder: PeerRecorder;
  readonly subject: PeerSubject;
  readonly port: PeerPort;
  readonly #raw: RawListener;
  #listening: Promise<PeerAddress> | undefined;
  #nextLink = 2;
  #down = false;

  private constructor(arena: Arena, recorder: PeerRecorder, subject: PeerSubject, raw: RawListener) {
    this.arena = arena;
    this.recorder = recorder;
    this.subject = subject;
    this.port = subject.port;
    this.#raw = raw;
  }

  /** Plays a scene, and checks afterwards that nothing is left: not a link, not a place with an owner. */
  static async play(make: PeerMaker, scene: (stage: PeerStage) => Promise<void>): Promise<void> {
    const arena = new Arena(FRAMES);
    const recorder = new PeerRecorder();
    const stage = new PeerStage(arena, recorder, await make(arena, recorder), await RawListener.open());
    try {
      await scene(stage);
      if (stage.#down) return;
      for (const link of [...stage.recorder.connectedLinks, ...stage.recorder.strangers.map(({ link }) => link)]) {
        stage.port.close(link);
        await stage.recorder.end(link);
      }
      const { link } = await stage.dialled();
      // Every place must be free now: the host asserts that a place has one owner.
      stage.request(link, wanted(...Array(FRAMES).keys()));
    } finally {
      await stage.subject.shutdown();
      await stage.#raw.close();
    }
  }

  /** The number of a link that is to be dialled. */
  newLink(): LinkId {
    const link = this.#nextLink;
    this.#nextLink += 2;
    return link;
  }

  get rawAddress(): PeerAddress {
    return this.#raw.address;
  }

  /** The address of the host under test. */
  listen(): Promise<PeerAddress> {
    this.#listening ??= this.subject.listen('127.0.0.1', 0);
    return this.#listening;
  }

  async shutdown(): Promise<void> {
    this.#down = true;
    await this.subject.shutdown();
  }

  /** The next connection that comes in at `rawAddress`. */
  async acceptRaw(): Promise<RawConnection> {
    for (;;) {
      const peer = await this.#raw.accept();
      if (!this.subject.encrypted) return peer;
      // One that was given up before it was accepted says nothing: the next one is meant.
      const negotiated = listenEncrypted(peer, STAGE_INFO_HASH).then(() => true);
      const left = new Promise<boolean>((resolve) => peer.socket.once('end', () => resolve(false)));
      if (await Promise.race([negotiated, left])) return peer;
    }
  }

  /** A connection that the host under test made to a raw peer. */
  async dialled(): Promise<{ link: LinkId; peer: RawConnection }> {
    const link = this.newLink();
    this.port.connect(link, this.rawAddress, CONNECT_TIMEOUT_MS, STAGE_INFO_HASH);
    const speaksFirst = this.subject.heardAtFirstWord && !this.subject.encrypted;
    if (speaksFirst) this.port.send(link, Uint8Array.of(0));
    const peer = await this.acceptRaw();
    if (speaksFirst) await peer.receive(1);
    await this.recorder.until(() => this.recorder.connectedLinks.includes(link) || this.recorder.ends.has(link));
    return { link, peer };
  }

  /** A connection that a raw peer made to the host under test. */
  async accepted(): Promise<{ link: LinkId; peer: RawConnection }> {
    const before = this.recorder.strangers.length;
    const peer = await RawConnection.dial(await this.listen());
    if (this.subject.encrypted) await dialEncrypted(peer, STAGE_INFO_HASH);
    else if (this.subject.heardAtFirstWord) peer.sendAhead(rawHandshake().subarray(0, 1));
    await this.recorder.until(() => this.recorder.strangers.length > before);
    return { link: this.recorder.strangers[before]!.link, peer };
  }

  /** The raw peer's handshake has come in: from here on there are messages. */
  async greeted(connection: { link: LinkId; peer: RawConnection }): Promise<{ link: LinkId; peer: RawConnection }> {
    connection.peer.send(rawHandshake());
    await this.recorder.until(() => this.recorder.handshakes.has(connection.link));
    return connection;
  }

  /** Serves blocks; returns the batch, to be spoilt. */
  serve(link: LinkId, blocks: readonly (Wanted & { readonly offset?: number })[]): Int32Array {
    const batch = new Int32Array(blocks.length * SERVE_STRIDE);
    for (const [i, { piece, begin, length, place, offset = 0 }] of blocks.entries()) {
      batch.set([piece, begin, length, place, offset], i * SERVE_STRIDE);
    }
    this.port.serve(link, batch, blocks.length);
    return batch;
  }

  request(link: LinkId, blocks: readonly Wanted[]): void {
    const batch = new Int32Array(blocks.length * REQUEST_STRIDE);
    for (const [i, { piece, begin, length, place }] of blocks.entries()) {
      batch.set([piece, begin, length, place], i * REQUEST_STRIDE);
    }
    this.port.request(link, batch, blocks.length);
    batch.fill(-1);
  }

  assertInPlace(block: Wanted): void {
    const held = this.arena.frames.slice(block.place, block.length);
    assert.equal(Buffer.compare(held, bytesOf(block)), 0, `place ${block.place} holds its block`);
  }
}
