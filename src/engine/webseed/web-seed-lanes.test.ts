// How many connections a web seed gets, by what they bring.
import assert from 'node:assert/strict';
import test from 'node:test';
import { WEB_SEED_LANES_MAX, WEB_SEED_TRIAL_REST_MS } from './limits.ts';
import { WebSeedLanes } from './web-seed-lanes.ts';

const TICK_MS = 100;

/** Ten minutes with a server that gives so much over so many connections. */
function play(rateOf: (lanes: number) => number, minutes = 10, busy = true) {
  const decisions = new WebSeedLanes();
  let lanes = 1;
  let most = 1;
  let opened = 0;
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs += TICK_MS) {
    const decision = decisions.decide(nowMs, { lanes, bytesPerSecond: rateOf(lanes), busy });
    if (decision === 'more') opened++;
    lanes += decision === 'more' ? 1 : decision === 'fewer' ? -1 : 0;
    most = Math.max(most, lanes);
  }
  return { lanes, most, opened };
}

test('where each connection brings its own rate there are as many as may be', () => {
  assert.deepEqual(
    play((lanes) => lanes * 1e6),
    { lanes: WEB_SEED_LANES_MAX, most: WEB_SEED_LANES_MAX, opened: 3 },
  );
});

test('where one fills the line, one more is tried now and then and goes again', () => {
  const { lanes, most, opened } = play(() => 1e7, 30);
  assert.deepEqual([lanes <= 2, most], [true, 2]);
  assert.ok(opened <= Math.ceil((30 * 60_000) / WEB_SEED_TRIAL_REST_MS), `${opened} trials in half an hour`);
});

test('where two fill the line there are two, but for trials', () => {
  assert.deepEqual(play((lanes) => Math.min(2, lanes) * 1e6, 4).lanes, 2);
});

test('nothing is tried while there is nothing to ask for', () => {
  assert.equal(play((lanes) => lanes * 1e6, 10, false).opened, 0);
});

test('after a refusal nothing is tried for a while', () => {
  const decisions = new WebSeedLanes();
  const facts = { lanes: 1, bytesPerSecond: 1e6, busy: true };
  decisions.refused(0);
  let nowMs = 0;
  while (decisions.decide(nowMs, facts) !== 'more') nowMs += TICK_MS;
  assert.ok(nowMs >= WEB_SEED_TRIAL_REST_MS);
});
