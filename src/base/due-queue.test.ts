import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DueQueue } from './due-queue.ts';

test('whatever is put in, moved and taken out, the earliest comes first and nothing comes before its time', () => {
  const item = fc.integer({ min: 0, max: 15 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), item, ms: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ kind: fc.constant('delete' as const), item, ms: fc.constant(0) }),
    fc.record({ kind: fc.constant('take' as const), item, ms: fc.integer({ min: 0, max: 50 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = new DueQueue<number>();
      const model = new Map<number, number>();
      for (const { kind, item: one, ms } of steps) {
        if (kind === 'set') {
          queue.set(one, ms);
          model.set(one, ms);
        } else if (kind === 'delete') assert.equal(queue.delete(one), model.delete(one));
        else {
          const taken = queue.take(ms);
          const earliest = Math.min(...model.values());
          if (taken === undefined) assert.ok(earliest > ms);
          else {
            assert.equal(model.get(taken), earliest);
            assert.ok(earliest <= ms);
            model.delete(taken);
          }
        }
      }
      for (let left = model.size; left > 0; left--) assert.ok(model.delete(queue.take(50)!));
      assert.equal(queue.take(50), undefined);
    }),
  );
});

test('what is due never is not taken', () => {
  const queue = new DueQueue<string>();
  queue.set('never', Number.POSITIVE_INFINITY);
  assert.equal(queue.take(Number.MAX_VALUE), undefined);
});
