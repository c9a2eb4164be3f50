import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { StorageError } from '../../base/errors.ts';
import { BACKLOG_BYTES_MAX } from '../limits.ts';
import {
  ASKED_STRIDE,
  BLOCK_STRIDE,
  type PeerSink,
  READ_DONE_STRIDE,
  STORED_STRIDE,
  type StorageSink,
} from '../ports.ts';
import { Backlog } from './backlog.ts';
import type { Pace } from './scheduling.ts';

type Sinks = PeerSink & StorageSink;
type Event = readonly [name: keyof Sinks, ...args: readonly unknown[]];

/** Writes down every event, batches record by record: how they are cut is not the order of things. */
class Diary implements Sinks {
  readonly lines: string[] = [];
  batches = 0;

  connected = (link: number): void => this.#note('connected', link);
  incoming = (link: number): void => this.#note('incoming', link);
  handshake = (link: number, bytes: Uint8Array): void => this.#note('handshake', link, [...bytes]);
  message = (link: number, id: number, payload: Uint8Array): void => this.#note('message', link, id, [...payload]);
  keepAlive = (link: number): void => this.#note('keepAlive', link);
  messagesDone = (link: number): void => this.#note('messagesDone', link);
  served = (link: number, count: number): void => this.#note('served', link, count);
  closed = (link: number): void => this.#note('closed', link);
  storageFailed = (store: number): void => this.#note('storageFailed', store);
  blocks = (batch: Int32Array, count: number): void => this.#batch('block', batch, count, BLOCK_STRIDE);
  runsStored = (batch: Int32Array, count: number): void => this.#batch('stored', batch, count, STORED_STRIDE);
  blocksRead = (batch: Int32Array, count: number): void => this.#batch('read', batch, count, READ_DONE_STRIDE);
  blocksDiffered = (batch: Int32Array, count: number): void => this.#batch('differed', batch, count, 4);
  requests = (link: number, batch: Int32Array, count: number): void =>
    this.#batch(`asked by ${link}`, batch, count, ASKED_STRIDE);

  #note(...what: readonly unknown[]): void {
    this.lines.push(JSON.stringify(what));
  }

  #batch(name: string, batch: Int32Array, count: number, stride: number): void {
    this.batches++;
    for (let at = 0; at < count * stride; at += stride) this.#note(name, [...batch.subarray(at, at + stride)]);
  }
}

class Scene {
  readonly diary = new Diary();
  nowMs = 7;
  planned: { readonly atMs: number; readonly act: () => void } | undefined;
  readonly backlog: Backlog;

  constructor(pace: Pace) {
    this.backlog = new Backlog({
      pace,
      clock: { nowMs: () => this.nowMs },
      plan: (delayMs, act) => {
        assert.equal(this.planned, undefined, 'one tick at a time');
        this.planned = { atMs: this.nowMs + delayMs, act };
      },
    });
    this.backlog.start(this.diary, this.diary);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const { planned } = this;
    if (planned === undefined || planned.atMs > this.nowMs) return;
    this.planned = undefined;
    planned.act();
  }
}

const TICK: Pace = { tickMs: 50, recordsMax: Number.POSITIVE_INFINITY };
const block = (link: number, piece: number): Int32Array => Int32Array.of(link, piece, 0, 16_384, 0);
const count = fc.integer({ min: 1, max: 5 });
const link = fc.integer({ min: 1, max: 3 });
const integers = fc.array(fc.integer(), { minLength: 30, maxLength: 30 }).map((list) => Int32Array.from(list));

const events: fc.Arbitrary<Event> = fc.oneof(
  fc.tuple(fc.constantFrom('connected', 'incoming', 'keepAlive', 'messagesDone', 'closed'), link),
  fc.tuple(fc.constantFrom('handshake'), link, fc.uint8Array({ maxLength: 9 })),
  fc.tuple(fc.constantFrom('message'), link, fc.integer({ min: 0, max: 21 }), fc.uint8Array({ maxLength: 40 })),
  fc.tuple(fc.constantFrom('served'), link, count),
  fc.tuple(fc.constantFrom('requests'), link, integers, count),
  fc.tuple(fc.constantFrom('blocks', 'runsStored', 'blocksRead', 'blocksDiffered'), integers, count),
  fc.tuple(fc.constantFrom('storageFailed'), link, fc.constant(new StorageError('ERR_STORAGE_X', 'x'))),
) as fc.Arbitrary<Event>;

function tell(sinks: Sinks, [name, ...args]: Event): void {
  (sinks[name] as (...given: readonly unknown[]) => void).apply(sinks, args);
}

test('whatever waits, and for how long, is told in the order in which it came', () => {
  const pauses = fc.constantFrom(0, 0, 0, 20, 50);
  const paces = fc.record({ tickMs: fc.constantFrom(50, 100), recordsMax: fc.constantFrom(1, 4, 32, 1e9) });
  fc.assert(
    fc.property(paces, fc.array(fc.tuple(events, pauses), { maxLength: 80 }), (pace, story) => {
      const scene = new Scene(pace);
      const direct = new Diary();
      for (const [event, pauseMs] of story) {
        tell(scene.backlog, event);
        tell(direct, event);
        scene.pass(pauseMs);
      }
      scene.backlog.stop();
      assert.deepEqual(scene.diary.lines, direct.lines);
    }),
  );
});

test('events wait for the tick, blocks of many reads then come as one batch', () => {
  const scene = new Scene(TICK);
  for (let piece = 0; piece < 100; piece++) scene.backlog.blocks(block(2, piece), 1);
  scene.pass(42);
  assert.deepEqual(scene.diary.lines, [], 'the tick is at 50');
  scene.pass(1);
  assert.equal(scene.diary.lines.length, 100);
  assert.equal(scene.diary.batches, 1);
  assert.equal(scene.planned, undefined, 'nothing waits, nobody is woken');
});

test('a number of records ends the waiting before the tick does', () => {
  const scene = new Scene({ tickMs: 50, recordsMax: 3 });
  for (const piece of [1, 2]) scene.backlog.blocks(block(2, piece), 1);
  assert.equal(scene.diary.lines.length, 0);
  scene.backlog.blocks(block(2, 3), 1);
  assert.equal(scene.diary.lines.length, 3);
});

test('what a payload was when it came is what is told: the view is used again meanwhile', () => {
  const scene = new Scene(TICK);
  const view = Uint8Array.of(1, 2, 3);
  scene.backlog.message(2, 4, view);
  view.fill(9);
  scene.pass(50);
  assert.deepEqual(scene.diary.lines, ['["message",2,4,[1,2,3]]']);
});

test('a flood is told before it takes more memory than it may', () => {
  const scene = new Scene(TICK);
  const payload = new Uint8Array(60_000);
  const most = Math.floor(BACKLOG_BYTES_MAX / payload.length);
  for (let message = 0; message < most; message++) scene.backlog.message(2, 20, payload);
  assert.equal(scene.diary.lines.length, 0);
  for (let message = 0; message < 4; message++) scene.backlog.message(2, 20, payload);
  assert.ok(scene.diary.lines.length >= most - 1);
  scene.backlog.message(2, 20, new Uint8Array(BACKLOG_BYTES_MAX + 1));
  assert.equal(scene.diary.lines.length, most + 5, 'one that is longer than all that may wait does not wait');
});
