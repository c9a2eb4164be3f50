import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../base/bitfield.ts';
import { Settlement } from './settlement.ts';

function pieces(...set: number[]): Bitfield {
  const field = new Bitfield(9);
  for (const piece of set) field.add(piece);
  return field;
}

const listed = (field: Bitfield | undefined): number[] => [...Array(9).keys()].filter((piece) => field?.has(piece));

test('what is synced is settled, what comes meanwhile is not', async () => {
  const settlement = new Settlement(9);
  const had = pieces(1, 2);
  assert.deepEqual(listed(settlement.unsettled(had)), [1, 2]);
  const asked: number[][] = [];
  const sync = async (wanted: Bitfield): Promise<boolean> => {
    asked.push(listed(wanted));
    had.add(8);
    return true;
  };
  assert.equal(await settlement.settle(had, sync), true);
  assert.deepEqual(listed(settlement.unsettled(had)), [8]);
  assert.equal(await settlement.settle(had, async () => false), false, 'the disk did not say so');
  assert.deepEqual(listed(settlement.unsettled(had)), [8]);
  await settlement.settle(had, sync);
  assert.equal(settlement.unsettled(had), undefined);
  assert.equal(await settlement.settle(had, sync), false, 'nothing is left to do');
  assert.deepEqual(asked, [[1, 2], [8]]);
});

test('one sync runs at a time', async () => {
  const settlement = new Settlement(9);
  let release = (): void => undefined;
  const first = settlement.settle(pieces(1), () => new Promise((resolve) => (release = () => resolve(true))));
  assert.equal(await settlement.settle(pieces(1, 2), () => assert.fail('the first one still runs')), false);
  release();
  assert.equal(await first, true);
});

test('an earlier run vouches for what it settled and is still there', () => {
  const settlement = new Settlement(9);
  settlement.begin(pieces(1, 2, 3), { have: pieces(0, 1, 2), stamps: [], unsettled: pieces(2) });
  assert.deepEqual(listed(settlement.unsettled(pieces(1, 2, 3))), [2, 3]);
  settlement.begin(pieces(1), { have: new Bitfield(4), stamps: [] });
  assert.deepEqual(listed(settlement.unsettled(pieces(1))), [1], 'data of another shape says nothing');
});

test('what a recheck finds missing is to be settled anew when it comes back', async () => {
  const settlement = new Settlement(9);
  const had = pieces(1, 2);
  await settlement.settle(had, async () => true);
  had.delete(1);
  settlement.rechecked(had);
  had.add(1);
  assert.deepEqual(listed(settlement.unsettled(had)), [1]);
});
