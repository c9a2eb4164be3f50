// What uTP is for: to take a line that nobody else uses, and to give it up to whoever does (BEP 29, RFC 6817). Two flows share
// a bottleneck and its queue in virtual time, one of them TCP-like.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { EventQueue } from '../../testing/simulator/event-queue.ts';
import { Bottleneck } from '../../testing/utp/datagram-path.ts';
import { RenoFlow } from '../../testing/utp/reno-flow.ts';
import { UtpPair } from '../../testing/utp/utp-pair.ts';
import { UTP_TARGET_DELAY_US } from '../limits.ts';
import type { UtpConnection } from './utp-connection.ts';

const SEEDS = [1, 2, 3];
const ENDLESS_BYTES = 60_000_000;

interface Line {
  readonly bytesPerSecond: number;
  /** What the queue before the bottleneck holds, in ms of the line. */
  readonly queueMs: number;
  readonly oneWayMs: number;
}

/** The jitter is so little that neighbours keep their order. */
function scene({ bytesPerSecond, queueMs, oneWayMs }: Line, seed: number, jitterMs = 0.1) {
  const queue = new EventQueue();
  const bottleneck = new Bottleneck(queue, bytesPerSecond, (bytesPerSecond * queueMs) / 1000);
  const way = { delayMs: oneWayMs, jitterMs: jitterMs * new SeededRandom(seed).next() };
  const pair = new UtpPair({ seed, queue, bottleneck, there: way, back: way, clockAheadUs: seed * 1e9 });
  const reno = new RenoFlow(queue, bottleneck, 2 * oneWayMs);
  pair.until(() => pair.dialler.connectedMs >= 0, 10_000);
  pair.dialler.write(ENDLESS_BYTES);
  /** Bytes of uTP and of the other flow in so many ms. */
  const during = (ms: number): [number, number] => {
    const before = [pair.listener.receivedBytes, reno.bytes] as const;
    pair.run(ms);
    return [pair.listener.receivedBytes - before[0], reno.bytes - before[1]];
  };
  return { pair, reno, bottleneck, during };
}

for (const line of [
  { bytesPerSecond: 500_000, queueMs: 250, oneWayMs: 20 },
  { bytesPerSecond: 1_250_000, queueMs: 400, oneWayMs: 40 },
  { bytesPerSecond: 1_250_000, queueMs: 1000, oneWayMs: 10 },
]) {
  const title = `${line.bytesPerSecond / 1000} kB/s, a queue of ${line.queueMs} ms, ${2 * line.oneWayMs} ms there and back`;
  test(`beside a TCP-like flow it takes less than a fifth, and the whole line when that ends: ${title}`, () => {
    for (const seed of SEEDS) {
      const { pair, reno, during } = scene(line, seed);
      pair.run(8000);
      reno.start();
      pair.run(4000);
      const [ours, theirs] = during(16_000);
      assert.ok(ours < 0.2 * (ours + theirs), `seed ${seed}: took ${ours} of ${ours + theirs} bytes`);
      assert.ok(ours + theirs > 0.9 * 16 * line.bytesPerSecond, `seed ${seed}: the line was not full`);
      reno.stop();
      pair.run(6000);
      const [after] = during(4000);
      assert.ok(after > 0.85 * 4 * line.bytesPerSecond, `seed ${seed}: only ${after / 4} B/s afterwards`);
      assert.ok(pair.listener.right);
      pair.stop();
    }
  });
}

test('alone it keeps the queue at the target', () => {
  const line = { bytesPerSecond: 1_250_000, queueMs: 1000, oneWayMs: 20 };
  for (const seed of SEEDS) {
    const { pair, bottleneck, during } = scene(line, seed);
    pair.run(6000);
    let highestMs = 0;
    let bytes = 0;
    for (let ms = 0; ms < 4000; ms += 10) {
      bytes += during(10)[0];
      highestMs = Math.max(highestMs, bottleneck.queueMs);
    }
    assert.ok(highestMs < (1.3 * UTP_TARGET_DELAY_US) / 1000, `seed ${seed}: a queue of ${highestMs} ms`);
    assert.ok(bytes > 0.9 * 4 * line.bytesPerSecond, `seed ${seed}: only ${bytes / 4} B/s`);
    pair.stop();
  }
});

test('a window does not leave in one burst', () => {
  // A line that takes any window in a round trip: what waits before it came in a burst.
  const line = { bytesPerSecond: 100_000_000, queueMs: 1000, oneWayMs: 50 };
  const { pair, bottleneck } = scene(line, 1, 0);
  pair.run(1100);
  const sender: UtpConnection = pair.dialler.connection;
  const windowBytes = sender.path.congestion.bytes;
  assert.ok(windowBytes > 300_000, `a window of ${windowBytes} bytes is not enough to tell`);
  let highestMs = 0;
  for (let ms = 0; ms < 300; ms++) {
    pair.run(1);
    highestMs = Math.max(highestMs, bottleneck.queueMs);
  }
  // One burst would wait as long as the line takes for the whole window.
  const burstMs = (windowBytes / line.bytesPerSecond) * 1000;
  assert.ok(highestMs < burstMs / 4, `a queue of ${highestMs} ms; the window is ${burstMs} ms of the line`);
  pair.stop();
});
