import assert from 'node:assert/strict';
import test from 'node:test';
import { type Load, nameBottleneck } from './bottleneck.ts';

const IDLE: Load = {
  engineBusy: 0.06,
  diskBusy: 0.2,
  netBusy: 0,
  hashing: true,
  memoryFull: false,
  limitUsed: 0,
  scheduling: 'immediate',
};

const CASES: readonly (readonly [what: string, load: Partial<Load>, begins: string])[] = [
  ['nothing of ours is busy', {}, 'The peers or the network were the bottleneck: '],
  ['a limit that is used up', { limitUsed: 0.97 }, 'The download limit was the bottleneck, 97 % of it was used: '],
  ['a limit that is far away', { limitUsed: 0.4 }, 'The peers or the network were the bottleneck: '],
  ['a limit, and a thread that just keeps up', { limitUsed: 0.99, engineBusy: 0.9 }, 'The download limit was '],
  ['a thread, and a limit beyond it', { limitUsed: 0.5, engineBusy: 0.9 }, "The engine's thread was the bottleneck: "],
  ['ticks', { scheduling: 'tick-100' }, 'The scheduling tick-100 may have been the bottleneck, '],
  ['ticks, and a limit', { scheduling: 'tick-50', limitUsed: 0.9 }, 'The download limit was the bottleneck, '],
  ['ticks, and memory', { scheduling: 'adaptive', memoryFull: true }, 'Piece memory was the bottleneck: '],
  ['a network thread', { netBusy: 0.95, engineBusy: 0.9 }, 'A network thread was the bottleneck: '],
  ['hashing', { diskBusy: 0.95, engineBusy: 0.9 }, 'The disk workers were the bottleneck, with hashing ahead: '],
  ['writing', { diskBusy: 0.95, hashing: false }, 'The disk workers were the bottleneck, with writing ahead: '],
  ['memory', { memoryFull: true, netBusy: 0.5 }, 'Piece memory was the bottleneck: it was full, while '],
];

for (const [what, load, begins] of CASES) {
  test(`the bottleneck is named: ${what}`, () => {
    const sentence = nameBottleneck({ ...IDLE, ...load });
    assert.ok(sentence.startsWith(begins), sentence);
    assert.match(sentence, /the engine's thread was busy \d+ % of the time, the disk workers \d+ %.*\.$/);
    assert.equal(
      sentence.includes('network thread 95 %') || sentence.includes('network thread 50 %'),
      'netBusy' in load,
    );
  });
}
