import assert from 'node:assert/strict';
import test from 'node:test';
import { ResumeSweep } from './resume-sweep.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('everybody is kept up with, one after the other, and syncs hold no save up', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const sweep = new ResumeSweep(1000);
  const log: string[] = [];
  let release = (): void => undefined;
  const kept = (name: string) => ({
    keepUp: async () => void log.push(`save ${name}`),
    settle: async () => {
      log.push(`sync ${name}`);
      await new Promise<void>((resolve) => (release = resolve));
    },
  });
  const [a, b] = [kept('a'), kept('b')];
  sweep.join(a);
  sweep.join(b);
  t.mock.timers.tick(1000);
  await turn();
  assert.deepEqual(log.splice(0).sort(), ['save a', 'save b', 'sync a']);
  t.mock.timers.tick(1000);
  await turn();
  assert.deepEqual(log.splice(0), ['save a', 'save b'], 'the slow sync still runs, and no second one beside it');
  sweep.leave(b);
  release();
  await turn();
  assert.deepEqual(log.splice(0), [], 'who has left is not synced');
  t.mock.timers.tick(1000);
  await turn();
  assert.deepEqual(log.splice(0).sort(), ['save a', 'sync a']);
  sweep.stop();
  t.mock.timers.tick(5000);
  assert.deepEqual(log, []);
});
