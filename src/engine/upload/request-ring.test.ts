import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { RequestRing } from './request-ring.ts';

test('a ring does what an array of requests does', () => {
  const random = new SeededRandom(1);
  const ring = new RequestRing();
  let model: number[] = [];
  for (let step = 0; step < 5000; step++) {
    const choice = random.next();
    if (choice < 0.55) {
      model.push(step);
      ring.push(step, -step, step * 2);
    } else if (choice < 0.8 && model.length > 0) {
      model.shift();
      ring.shift();
    } else if (choice < 0.98 && model.length > 0) {
      const position = Math.floor(random.next() * model.length);
      const [number] = model.splice(position, 1);
      assert.equal(ring.find(number!, -number!, number! * 2), position);
      ring.remove(position);
    } else {
      const dropped: number[] = [];
      ring.filter(
        (piece) => piece % 3 > 0,
        (piece) => dropped.push(piece),
      );
      assert.deepEqual(
        dropped,
        model.filter((number) => number % 3 === 0),
      );
      model = model.filter((number) => number % 3 > 0);
    }
    assert.equal(ring.count, model.length);
    if (model.length > 0) assert.equal(ring.beginAt(model.length - 1), -model.at(-1)!);
  }
  assert.equal(ring.find(1, 2, 3), -1);
});
