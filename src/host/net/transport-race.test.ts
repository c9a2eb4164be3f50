// The order in which transports are tried, and for how long: under a clock that the test moves.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Transport } from '../../engine/ports.ts';
import { TRANSPORT_HEAD_START_MS, UTP_ALONE_TIMEOUT_MS } from '../limits.ts';
import { TransportRace } from './transport-race.ts';

const REFUSED = { code: 'ECONNREFUSED' };
const SILENT = { code: 'ETIMEDOUT' };
const PROXY_GONE = { code: 'ERR_PROXY_CONNECT' };

type Timers = readonly ('setTimeout' | 'setImmediate')[];
const BOTH: Timers = ['setTimeout', 'setImmediate'];

function race(t: TestContext, held: Timers, ...order: Transport[]) {
  t.mock.timers.enable({ apis: [...held] });
  const started: Transport[] = [];
  const lost: { readonly code: string }[] = [];
  const subject = new TransportRace<{ readonly code: string }>({
    order,
    start: (transport) => started.push(transport),
    lost: (failure) => lost.push(failure),
  });
  subject.start();
  return { subject, started, lost, pass: (ms: number) => t.mock.timers.tick(ms) };
}

test('the second one starts when the head start of the first is over, and not when it is decided by then', (t) => {
  const { started, pass, lost, subject } = race(t, BOTH, 'tcp', 'utp');
  pass(TRANSPORT_HEAD_START_MS - 1);
  assert.deepEqual(started, ['tcp']);
  pass(1);
  assert.deepEqual(started, ['tcp', 'utp']);
  subject.stop();
  pass(10 * UTP_ALONE_TIMEOUT_MS);
  assert.deepEqual(lost, []);
});

test('a decided race starts nobody', (t) => {
  const { started, pass, subject } = race(t, BOTH, 'utp', 'tcp');
  subject.stop();
  pass(TRANSPORT_HEAD_START_MS);
  assert.deepEqual(started, ['utp']);
});

test('who won while the event loop was held up has won, though the head start is over by then', async (t) => {
  const { started, pass, subject } = race(t, ['setTimeout'], 'tcp', 'utp');
  pass(TRANSPORT_HEAD_START_MS);
  // What has come over the network is told behind the timers.
  subject.stop();
  await immediate();
  assert.deepEqual(started, ['tcp']);
});

test('a host that refuses TCP has a little time to answer over uTP, whether that was under way or not', (t) => {
  for (const headStartMs of [0, TRANSPORT_HEAD_START_MS]) {
    const { started, lost, pass, subject } = race(t, BOTH, 'tcp', 'utp');
    pass(headStartMs);
    subject.failed('tcp', REFUSED);
    assert.deepEqual(started, ['tcp', 'utp']);
    pass(UTP_ALONE_TIMEOUT_MS - 1);
    assert.deepEqual(lost, []);
    pass(1);
    assert.deepEqual(lost, [REFUSED]);
    t.mock.timers.reset();
  }
});

test('uTP that fails leaves TCP all its time, and the first failure is told when both have failed', (t) => {
  const { started, lost, pass, subject } = race(t, BOTH, 'utp', 'tcp');
  subject.failed('utp', SILENT);
  assert.deepEqual(started, ['utp', 'tcp']);
  pass(10 * UTP_ALONE_TIMEOUT_MS);
  assert.deepEqual(lost, []);
  subject.failed('tcp', REFUSED);
  assert.deepEqual(lost, [SILENT]);
});

test('that our own way out is closed is told before anything about the peer', (t) => {
  const { lost, subject } = race(t, BOTH, 'utp', 'tcp');
  subject.failed('utp', SILENT);
  subject.failed('tcp', PROXY_GONE);
  assert.deepEqual(lost, [PROXY_GONE]);
});
