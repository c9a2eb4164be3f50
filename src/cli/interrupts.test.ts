import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Interrupts } from './interrupts.ts';

test('the first interruption aborts, the second exits at once', async () => {
  const exits: number[] = [];
  const clock = new VirtualClock();
  const interrupts = new Interrupts((exitCode) => exits.push(exitCode), clock);
  const waiting = interrupts.interrupted();
  assert.equal(interrupts.signal.aborted, false);

  interrupts.interrupt('SIGINT');
  await waiting;
  await interrupts.interrupted();
  assert.equal(interrupts.signal.aborted, true);
  assert.equal(interrupts.exitCode, 130);
  assert.deepEqual(exits, []);

  interrupts.interrupt('SIGINT');
  assert.deepEqual(exits, [], 'sent twice at once');
  clock.advance(500);
  interrupts.interrupt('SIGTERM');
  assert.deepEqual(exits, [143]);
});

test('each signal has the exit status that shells expect', () => {
  for (const [signal, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGPIPE', 141],
    ['SIGTERM', 143],
  ] as const) {
    const interrupts = new Interrupts(() => assert.fail('must not exit'), new VirtualClock());
    interrupts.interrupt(signal);
    assert.equal(interrupts.exitCode, exitCode);
  }
});

test('a reader that is gone does not cut the closing short', () => {
  const interrupts = new Interrupts(() => assert.fail('must not exit'), new VirtualClock());
  interrupts.interrupt('SIGINT');
  interrupts.interrupt('SIGPIPE');
  assert.equal(interrupts.exitCode, 130);
});
