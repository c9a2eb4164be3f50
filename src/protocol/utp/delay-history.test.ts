import assert from 'node:assert/strict';
import test from 'node:test';
import { UTP_BASE_DELAY_INTERVAL_US, UTP_BASE_DELAY_INTERVALS, UTP_DELAY_SAMPLES } from '../limits.ts';
import { DelayHistory } from './delay-history.ts';

test('the queue is what the last measurements all met, above the least that there was', () => {
  const history = new DelayHistory();
  assert.deepEqual([history.known, history.queueingUs], [false, 0]);
  assert.equal(history.add(500, 0), 0);
  assert.deepEqual([history.known, history.queueingUs, history.baseUs], [true, 0, 500]);
  for (let at = 0; at < UTP_DELAY_SAMPLES - 1; at++) {
    history.add(900, 10);
    assert.equal(history.queueingUs, 0, 'one may be late by chance');
  }
  history.add(800, 10);
  assert.equal(history.queueingUs, 300);
  assert.equal(history.add(450, 20), 50, 'so much the base fell');
  assert.deepEqual([history.baseUs, history.queueingUs], [450, 0]);
});

test('clocks go round', () => {
  const history = new DelayHistory();
  history.add(5, 0);
  assert.equal(history.add(2 ** 32 - 5, 1), 10);
  for (let at = 0; at < UTP_DELAY_SAMPLES; at++) history.add(15, 2);
  assert.equal(history.queueingUs, 20);
});

test('the least is that of the last intervals: a longer way is taken for granted after them', () => {
  const history = new DelayHistory();
  history.add(100, 0);
  for (let interval = 1; interval <= UTP_BASE_DELAY_INTERVALS; interval++) {
    const nowUs = interval * UTP_BASE_DELAY_INTERVAL_US;
    history.add(700, nowUs - 1);
    assert.equal(history.baseUs, 100);
    history.add(600, nowUs);
    assert.equal(history.baseUs, interval < UTP_BASE_DELAY_INTERVALS ? 100 : 500);
    for (const delayUs of [500, 550]) history.add(delayUs, nowUs);
  }
});

test('when the other direction’s base falls this one rises as much, in every interval', () => {
  const history = new DelayHistory();
  history.add(100, 0);
  history.add(300, UTP_BASE_DELAY_INTERVAL_US);
  history.raise(50);
  assert.equal(history.baseUs, 150);
  history.add(350, 2 * UTP_BASE_DELAY_INTERVAL_US);
  assert.equal(history.baseUs, 150);
});
