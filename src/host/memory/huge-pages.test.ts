import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { nativeModule } from '../native-module.ts';
import { Arena } from './arena.ts';
import { adviseHugePages } from './huge-pages.ts';

const SMAPS = '/proc/self/smaps';
const HUGE_PAGE_SETTING = '/sys/kernel/mm/transparent_hugepage/enabled';
const built = nativeModule('huge-pages') !== undefined;
/** Linux without huge pages refuses the advice. */
const knows = built && existsSync(SMAPS) && existsSync(HUGE_PAGE_SETTING);

/** KiB of this process's memory that has been advised (`hg`, proc(5)). */
function advisedKib(): number {
  let sum = 0;
  let sizeKib = 0;
  for (const line of readFileSync(SMAPS, 'utf8').split('\n')) {
    const size = /^Size: +(\d+) kB$/.exec(line);
    if (size !== null) sizeKib = Number(size[1]);
    if (line.startsWith('VmFlags:') && / hg( |$)/.test(line)) sum += sizeKib;
  }
  return sum;
}

test('the memory of an arena is advised, but for what it shares a page with', { skip: !knows }, () => {
  const before = advisedKib();
  const arena = new Arena(1024);
  const kib = arena.shared.buffer.byteLength / 1024;
  const advised = advisedKib() - before;
  assert.ok(advised > kib - 8 && advised <= kib, `${advised} of ${kib} KiB`);
});

test('memory without a whole page, and none at all, are left alone', () => {
  assert.equal(adviseHugePages(new Uint8Array(16)), false);
  assert.equal(adviseHugePages(new Uint8Array(0)), false);
});

test('what is no memory is refused', { skip: !built }, () => {
  for (const wrong of [undefined, 'bytes', new Uint16Array(8)]) {
    assert.throws(() => adviseHugePages(wrong as unknown as Uint8Array), TypeError);
  }
});

test('where everything is installed, the module is there', (context) => {
  if (process.env['MILLRACE_REQUIRE_PEERS'] === undefined || process.platform !== 'linux')
    context.skip('says nothing here');
  else assert.ok(built);
});
