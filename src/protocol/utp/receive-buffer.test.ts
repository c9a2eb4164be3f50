import assert from 'node:assert/strict';
import test from 'node:test';
import { UTP_REORDER_BYTES_EACH, UTP_REORDER_PACKETS_MAX } from '../limits.ts';
import { ReceiveBuffer, ReorderBudget } from './receive-buffer.ts';

const BUDGET_BYTES = 512 * 1024;

/** Fills all that may be held back, and never sends what is missing before it. */
function hoard(budget: ReorderBudget, bytes: number): ReceiveBuffer[] {
  const hoards: ReceiveBuffer[] = [];
  while (budget.leftBytes > 0 && hoards.length < 1000) {
    const buffer = new ReceiveBuffer(0, budget);
    for (let sequence = 2; buffer.put(sequence, new Uint8Array(bytes), 0); sequence++);
    hoards.push(buffer);
  }
  return hoards;
}

test('connections that never fill their gaps do not close the window of another', () => {
  const budget = new ReorderBudget(BUDGET_BYTES);
  hoard(budget, 1200);
  const honest = new ReceiveBuffer(0, budget);
  assert.equal(honest.windowBytes, UTP_REORDER_BYTES_EACH);
  for (let sequence = 2; sequence < 30; sequence++) assert.ok(honest.put(sequence, new Uint8Array(1200), 0));
  assert.ok(honest.put(1, new Uint8Array(1200), 0));
  let bytes = 0;
  honest.deliver(
    (_, from, to) => {
      bytes += to - from;
    },
    () => false,
  );
  assert.equal(bytes, 29 * 1200);
  assert.equal(honest.windowBytes, UTP_REORDER_BYTES_EACH);
});

test('what all hold back is bounded by what it costs, however small or empty the packets are', () => {
  for (const bytes of [0, 1, 1200]) {
    const budget = new ReorderBudget(BUDGET_BYTES);
    const hoards = hoard(budget, bytes);
    let packets = 0;
    for (let more = 0; more < 20; more++) {
      const buffer = new ReceiveBuffer(0, budget);
      for (let sequence = 2; buffer.put(sequence, new Uint8Array(bytes), 0); sequence++) packets++;
    }
    assert.ok(packets <= (20 * UTP_REORDER_BYTES_EACH) / 256 + 20, `${packets} packets of ${bytes} bytes`);
    assert.ok(hoards.length * UTP_REORDER_PACKETS_MAX > 0);
    for (const buffer of hoards) buffer.clear();
  }
});

test('whoever is gone gives back what it held', () => {
  const budget = new ReorderBudget(BUDGET_BYTES);
  for (const buffer of hoard(budget, 1200)) buffer.clear();
  assert.equal(budget.leftBytes, BUDGET_BYTES);
});
