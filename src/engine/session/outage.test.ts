import assert from 'node:assert/strict';
import test from 'node:test';
import { OUTAGE_RETRY_MAX_MS, OUTAGE_RETRY_MIN_MS } from './limits.ts';
import { Outage } from './outage.ts';

const DIALS = 30;

function outage() {
  const codes: string[] = [];
  const made = new Outage(
    ({ code }) => codes.push(code),
    () => codes.push('over'),
  );
  return { made, codes };
}

const down = { code: 'ERR_PROXY_CONNECT', message: 'the proxy is down' };

test('while the way out is closed one dial tries it now and then, with growing patience', () => {
  const { made, codes } = outage();
  assert.equal(made.dialsMax(DIALS, 0), DIALS);
  // Thirty were on their way together, and fail together.
  for (let dial = 0; dial < DIALS; dial++) made.failed(down, 10);
  assert.deepEqual(made.reason, down);
  assert.equal(made.dialsMax(DIALS, 10), 0);
  let nowMs = 10;
  const waits: number[] = [];
  for (let round = 0; round < 8; round++) {
    const startMs = nowMs;
    while (made.dialsMax(DIALS, nowMs) === 0) nowMs += 100;
    assert.equal(made.dialsMax(DIALS, nowMs), 1);
    waits.push(nowMs - startMs);
    made.failed(down, nowMs);
  }
  assert.deepEqual(waits.slice(0, 3), [OUTAGE_RETRY_MIN_MS, 2 * OUTAGE_RETRY_MIN_MS, 4 * OUTAGE_RETRY_MIN_MS]);
  assert.equal(waits.at(-1), OUTAGE_RETRY_MAX_MS);
  made.over();
  assert.equal(made.dialsMax(DIALS, nowMs), DIALS);
  assert.equal(made.reason, undefined);
  made.over();
  assert.deepEqual(codes, ['ERR_PROXY_CONNECT', 'over'], 'it is said once');
});

test('another reason is said, and so is the same one when it comes back', () => {
  const { made, codes } = outage();
  made.failed(down, 0);
  made.failed({ code: 'ERR_PROXY_AUTH', message: 'who are you' }, 1);
  made.over();
  made.failed(down, 2);
  // Patience begins anew, too.
  assert.deepEqual(
    [made.dialsMax(DIALS, 1 + OUTAGE_RETRY_MIN_MS), made.dialsMax(DIALS, 2 + OUTAGE_RETRY_MIN_MS)],
    [0, 1],
  );
  assert.deepEqual(codes, ['ERR_PROXY_CONNECT', 'ERR_PROXY_AUTH', 'over', 'ERR_PROXY_CONNECT']);
});

test('what a target does is no outage, and a proxy without UDP is none, but worth one word', () => {
  const { made, codes } = outage();
  for (const code of ['ECONNREFUSED', 'ETIMEDOUT', 'ERR_LINK_CLOSED', 'ERR_TRACKER_TIMEOUT'])
    made.failed({ code, message: '' }, 0);
  for (let tracker = 0; tracker < 3; tracker++) made.failed({ code: 'ERR_PROXY_UDP', message: 'no UDP' }, 0);
  assert.equal(made.reason, undefined);
  assert.deepEqual(codes, ['ERR_PROXY_UDP']);
});
