import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES, RUN_BYTES } from '../torrent/geometry.ts';
import { SlotLedger } from './slot-ledger.ts';

/** Which slot each frame belongs to, kept the naive way. */
class NaiveLedger {
  readonly owners: (number | undefined)[];
  readonly slots = new Map<number, { frames: number; shares: number }>();

  constructor(frames: number) {
    this.owners = new Array(frames).fill(undefined);
  }

  reserve(place: number, frames: number): void {
    for (let frame = place; frame < place + frames; frame++) {
      assert.ok(frame < this.owners.length, 'a slot lies inside the arena');
      assert.equal(this.owners[frame], undefined, 'no frame has two owners');
      this.owners[frame] = place;
    }
    this.slots.set(place, { frames, shares: 1 });
  }

  release(place: number): void {
    const slot = this.slots.get(place);
    assert.ok(slot);
    slot.shares--;
    if (slot.shares > 0) return;
    this.owners.fill(undefined, place, place + slot.frames);
    this.slots.delete(place);
  }

  get used(): number {
    return this.owners.filter((owner) => owner !== undefined).length;
  }

  /** True when an aligned, free range of `frames` frames exists. */
  hasRoom(frames: number): boolean {
    for (let place = 0; place + frames <= this.owners.length; place += frames) {
      if (this.owners.slice(place, place + frames).every((owner) => owner === undefined)) return true;
    }
    return false;
  }
}

function framesFor(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.ceil(bytes / BLOCK_BYTES)));
}

test('whatever is reserved, shared and released, the ledger agrees with a naive model and forgets nothing', () => {
  const command = fc.record({
    kind: fc.constantFrom('reserve', 'reserve', 'reserve', 'release', 'release', 'share'),
    bytes: fc.oneof(fc.integer({ min: 1, max: RUN_BYTES }), fc.constantFrom(1, BLOCK_BYTES, RUN_BYTES)),
    choice: fc.nat(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.array(command, { maxLength: 120, size: 'max' }),
      (frames, commands) => {
        const released: number[] = [];
        const ledger = new SlotLedger(frames, { onRelease: (place) => released.push(place) });
        const model = new NaiveLedger(frames);
        let peak = 0;
        for (const { kind, bytes, choice } of commands) {
          const places = [...model.slots.keys()];
          const place = places[choice % Math.max(1, places.length)];
          if (kind === 'reserve') {
            const room = model.hasRoom(framesFor(bytes));
            const got = ledger.reserve(bytes, 'run');
            assert.equal(got >= 0, room, 'a slot is refused only when no aligned range is free');
            if (got >= 0) model.reserve(got, framesFor(bytes));
          } else if (place !== undefined && kind === 'release') {
            const last = model.slots.get(place)?.shares === 1;
            released.length = 0;
            ledger.release(place);
            model.release(place);
            assert.deepEqual(released, last ? [place] : [], 'the last release frees, and only that one');
          } else if (place !== undefined) {
            if (ledger.stateOf(place) !== 'serving') ledger.beginServing(place);
            ledger.retain(place);
            model.slots.get(place)!.shares++;
          }
          peak = Math.max(peak, model.used);
          assert.equal(ledger.usedFrames, model.used);
          assert.equal(ledger.peakFrames, peak);
          assert.equal(ledger.describeLeaks().length, model.slots.size);
        }
        for (const [place, slot] of model.slots) for (let i = slot.shares; i > 0; i--) ledger.release(place);
        assert.equal(ledger.freeFrames, frames);
        assert.deepEqual(ledger.describeLeaks(), []);
        // Everything has joined again: as many whole runs fit as into a fresh arena.
        for (let run = 0; run < Math.floor(frames / 64); run++)
          assert.equal(ledger.reserve(RUN_BYTES, 'run'), run * 64);
      },
    ),
  );
});

test('the lowest address is used again first, so that few pages are ever touched', () => {
  const ledger = new SlotLedger(256);
  const first = ledger.reserve(RUN_BYTES, 'run');
  const second = ledger.reserve(RUN_BYTES, 'run');
  ledger.release(first);
  assert.equal(ledger.reserve(BLOCK_BYTES, 'duplicate'), first);
  assert.equal(ledger.reserve(RUN_BYTES, 'run'), 128);
  ledger.release(second);
  assert.equal(ledger.reserve(RUN_BYTES, 'run'), second);
  assert.equal(ledger.peakFrames, 64 + 64 + 1);
});

test('a double release, and a release of what is no slot, throw', () => {
  const ledger = new SlotLedger(64);
  const place = ledger.reserve(4 * BLOCK_BYTES, 'run');
  assert.throws(() => ledger.release(place + 1), /release of place 1, which is free/);
  assert.throws(() => ledger.release(-1), /release of place -1/);
  assert.throws(() => ledger.release(64), /release of place 64/);
  ledger.release(place);
  assert.throws(() => ledger.release(place), /release of place 0, which is free/);
});

test('a slot goes from receiving to storing to serving and never back', () => {
  const ledger = new SlotLedger(64);
  const place = ledger.reserve(BLOCK_BYTES, 'run');
  assert.throws(() => ledger.retain(place), /retain of place 0, which is receiving/);
  ledger.beginStoring(place);
  assert.throws(() => ledger.beginStoring(place), /storing of place 0, which is storing/);
  ledger.beginServing(place);
  assert.throws(() => ledger.beginStoring(place), /storing of place 0, which is serving/);
  assert.throws(() => ledger.beginServing(place), /serving of place 0, which is serving/);
  ledger.release(place);
  assert.throws(() => ledger.beginServing(place), /serving of place 0, which is free/);
});

test('a leak report says what leaked, where and in which state', () => {
  const ledger = new SlotLedger(128);
  ledger.reserve(RUN_BYTES, 'run');
  ledger.beginServing(ledger.reserve(BLOCK_BYTES, 'upload'));
  assert.deepEqual(ledger.describeLeaks(), [
    'run slot at 0, 64 frames, receiving',
    'upload slot at 64, 1 frames, serving',
  ]);
});
