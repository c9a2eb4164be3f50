// The ring between two threads: what is written is read, whole, once and in order, at every size and across every wrap,
// and neither side sleeps while there is something for it to do.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { SeededRandom } from '../../../testing/seeded-random.ts';
import { HEADER_WORDS, PackedRing } from './packed-ring.ts';
import { RingPump } from './ring-pump.ts';
import { RingReader } from './ring-reader.ts';
import { FULL, RingWriter } from './ring-writer.ts';

const WORDS = 64;
const PAYLOAD_MAX = WORDS / 2 - HEADER_WORDS;
/** Where the counters begin: at 0, before they turn negative, and before they come back to 0. */
const STARTS = [0, 0x7fff_fff0, -20];

/** Writes a record of `length` words that follow from `number`. */
function write(writer: RingWriter, number: number, length: number): boolean {
  const at = writer.begin(1 + (number % 200), length);
  if (at === FULL) return false;
  for (let i = 0; i < length; i++) writer.ring.words[at + i] = number * 31 + i;
  writer.end();
  return true;
}

/** Checks the record that the reader stands at. */
function check(reader: RingReader, number: number, length: number): void {
  assert.equal(reader.kind, 1 + (number % 200));
  assert.equal(reader.length, length);
  for (let i = 0; i < length; i++) assert.equal(reader.ring.words[reader.at + i], (number * 31 + i) | 0);
}

test('records of any length come out as they went in, in order, also where ring and counters wrap', () => {
  const step = fc.record({ write: fc.array(fc.nat(PAYLOAD_MAX), { maxLength: 12 }), read: fc.nat(12) });
  fc.assert(
    fc.property(fc.constantFrom(...STARTS), fc.array(step, { maxLength: 60 }), (start, steps) => {
      const ring = PackedRing.allocate(WORDS, start);
      const [writer, reader] = [new RingWriter(ring), new RingReader(new PackedRing(ring.memory))];
      const lengths: number[] = [];
      let read = 0;
      for (const { write: wanted, read: count } of steps) {
        for (const length of wanted) if (write(writer, lengths.length, length)) lengths.push(length);
        for (let i = 0; i < count && reader.next(); i++) {
          check(reader, read, lengths[read]!);
          reader.release();
          read++;
        }
      }
      while (reader.next()) {
        check(reader, read, lengths[read]!);
        reader.release();
        read++;
      }
      assert.equal(read, lengths.length);
      assert.ok(write(writer, 0, PAYLOAD_MAX), 'the longest record fits into an empty ring, wherever that stands');
    }),
  );
});

test('a ring that is full says so, and asks for room only while there is none', () => {
  const ring = PackedRing.allocate(WORDS);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  for (let number = 0; number < 2; number++) assert.ok(write(writer, number, PAYLOAD_MAX));
  assert.ok(!write(writer, 2, 0), 'not a word is left');
  assert.ok(writer.wantRoom());
  assert.ok(reader.next());
  assert.ok(reader.release(), 'the reader is told that somebody waits');
  assert.ok(write(writer, 2, PAYLOAD_MAX));
  assert.ok(reader.next());
  assert.ok(!reader.release(), 'and is told once');
  assert.ok(!writer.wantRoom(), 'there is some by now');
});

test('a reader that was written to while it went to sleep stays awake', () => {
  const ring = PackedRing.allocate(WORDS);
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  assert.ok(writer.takeSleeper(), 'one that has not begun is asleep');
  assert.ok(!writer.takeSleeper(), 'and woken once');
  assert.ok(!reader.next());
  write(writer, 0, 1);
  assert.ok(!reader.sleep());
  assert.ok(!writer.takeSleeper());
  assert.ok(reader.next());
  reader.release();
  assert.ok(reader.sleep());
  write(writer, 1, 1);
  assert.ok(writer.takeSleeper());
});

for (const start of STARTS) {
  test(`two threads send 20,000 records there and back, from ${start} on`, { timeout: 20_000 }, async () => {
    const random = new SeededRandom(start);
    const [there, back] = [PackedRing.allocate(WORDS, start), PackedRing.allocate(WORDS, start)];
    const worker = new Worker(new URL('../../../testing/net/ring-echo-worker.js', import.meta.url), {
      workerData: { there: there.memory, back: back.memory },
    });
    const [writer, reader] = [new RingWriter(there), new RingReader(back)];
    const lengths = Array.from({ length: 20_000 }, () => Math.floor(random.next() * PAYLOAD_MAX));
    let [written, read] = [0, 0];
    try {
      await new Promise<void>((resolve, reject) => {
        /** Writes some, as many as fit at most; what did not fit waits for the reader to tell. */
        const writeSome = (): void => {
          for (let burst = 1 + random.next() * 40; burst > 0 && written < lengths.length; burst--) {
            if (write(writer, written, lengths[written]!)) written++;
            else if (writer.wantRoom()) break;
          }
          if (writer.takeSleeper()) worker.postMessage(0);
        };
        const pump = new RingPump({
          reader,
          record: () => {
            check(reader, read, lengths[read]!);
            read++;
          },
          turned: () => (read === lengths.length ? resolve() : writeSome()),
        });
        worker.on('message', () => {
          writeSome();
          pump.wake();
        });
        worker.on('error', reject);
        writeSome();
        pump.wake();
      });
      assert.equal(read, lengths.length);
    } finally {
      await worker.terminate();
    }
  });
}
