import assert from 'node:assert/strict';
import test from 'node:test';
import { SparseMap } from './sparse-map.ts';
import { SparseSet } from './sparse-set.ts';

/** What is seen of a collection that is changed while one goes through it. */
function seen<T>(collection: Iterable<T>, change: (at: number) => void): T[] {
  const members: T[] = [];
  for (const member of collection) {
    members.push(member);
    change(members.length);
  }
  return members;
}

test('changed while somebody goes through them, they show what a Map and a Set show', () => {
  for (const change of ['clear', 'clear and add', 'delete', 'add'] as const) {
    const [maps, sets] = [
      [new SparseMap<number, string>(), new Map<number, string>()],
      [new SparseSet<number>(), new Set<number>()],
    ];
    const results = [...maps, ...sets].map((collection) => {
      const put = (key: number): void => {
        if ('set' in collection) collection.set(key, `${key}`);
        else collection.add(key);
      };
      for (let key = 0; key < 4; key++) put(key);
      const members = seen<unknown>(collection as Iterable<unknown>, (at) => {
        if (at !== 2) return;
        if (change.startsWith('clear')) collection.clear();
        if (change === 'delete') collection.delete(2);
        if (change === 'add') put(4);
      });
      if (change === 'clear and add') put(9);
      return { members, size: collection.size, after: [...(collection as Iterable<unknown>)] };
    });
    assert.deepEqual(results[0], results[1], `SparseMap: ${change}`);
    assert.deepEqual(results[2], results[3], `SparseSet: ${change}`);
  }
});
