// Receivers over a small arena full of poison, and a trace of everything that they tell.
import assert from 'node:assert/strict';
import { BlockReceiver } from '../../protocol/wire/block-receiver.ts';
import { Frames } from '../../protocol/wire/frames.ts';
import { PieceMemory } from '../../protocol/wire/piece-memory.ts';
import { ReceiveCounters } from '../../protocol/wire/receive-counters.ts';
import { type ReceiverCommons, receiverCommons } from '../../protocol/wire/receiver-commons.ts';
import type { ReceiverSink } from '../../protocol/wire/receiver-sink.ts';

/** What untouched memory looks like: a byte that arrives by mistake shows. */
export const POISON = 0xee;

export class ReceiverRig {
  readonly frames: Frames;
  readonly memory: PieceMemory;
  readonly counters: ReceiveCounters = new ReceiveCounters();
  /** What the sinks heard, in order, RETURNED apart. */
  readonly trace: string[] = [];
  /** Blocks that were given back, in order. */
  readonly returned: string[] = [];
  readonly #commons: ReceiverCommons;

  constructor(frames: number) {
    this.frames = Frames.alone(frames);
    this.frames.bytes.fill(POISON);
    this.memory = new PieceMemory(this.frames);
    this.#commons = receiverCommons(this.memory, this.counters);
  }

  /** A receiver whose sink writes the trace; `hooks` hear of the same events afterwards. */
  receiver(link: number, hooks: Partial<ReceiverSink> = {}): BlockReceiver {
    const { trace, returned } = this;
    return new BlockReceiver(
      link,
      {
        handshake: (bytes) => {
          trace.push(`handshake ${digest(bytes)}`);
          hooks.handshake?.(bytes);
        },
        message: (id, payload) => {
          trace.push(`message ${id} ${digest(payload)}`);
          hooks.message?.(id, payload);
        },
        request: (piece, begin, length) => {
          trace.push(`request ${piece} ${begin} ${length}`);
          hooks.request?.(piece, begin, length);
        },
        keepAlive: () => {
          trace.push('keep-alive');
          hooks.keepAlive?.();
        },
        landed: (piece, begin, length) => {
          trace.push(`landed ${piece} ${begin} ${length}`);
          hooks.landed?.(piece, begin, length);
        },
        returned: (piece, begin, length) => {
          returned.push(`${piece} ${begin} ${length}`);
          hooks.returned?.(piece, begin, length);
        },
        wasted: (piece, begin, length) => {
          trace.push(`wasted ${piece} ${begin} ${length}`);
          hooks.wasted?.(piece, begin, length);
        },
        failed: (code, message) => {
          trace.push(`failed ${code}`);
          hooks.failed?.(code, message);
        },
      },
      this.#commons,
    );
  }

  /** A receiver that has the handshake behind it. */
  greeted(link: number, hooks: Partial<ReceiverSink> = {}): BlockReceiver {
    const receiver = this.receiver(link, hooks);
    receiver.push(new Uint8Array(68));
    this.trace.pop();
    return receiver;
  }

  frame(place: number): Uint8Array {
    return this.frames.block(place);
  }

  /** Fails unless nobody has written to `frame` from byte `from` on. */
  assertUntouched(place: number, from = 0): void {
    const touched = this.frame(place).findIndex((byte, at) => at >= from && byte !== POISON);
    assert.equal(touched, -1, `place ${place} is not written to`);
  }

  /** Fails unless every place is free: a claim by a stranger finds each of them so. */
  assertAllFree(): void {
    for (let place = 0; place < this.frames.count; place++) {
      this.memory.claim(place, 1_000_001);
      this.memory.release(place, 1_000_001);
    }
  }
}

/** Length and a checksum (FNV-1a): enough to tell payloads apart in a trace. */
export function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${bytes.length}:${hash.toString(16)}`;
}
