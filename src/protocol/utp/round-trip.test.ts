import assert from 'node:assert/strict';
import test from 'node:test';
import { UTP_TIMEOUT_FIRST_US, UTP_TIMEOUT_MAX_US, UTP_TIMEOUT_MIN_US } from '../limits.ts';
import { RoundTrip } from './round-trip.ts';

test('an answer is waited for as long as it took, and four times as long as that varies', () => {
  const trip = new RoundTrip();
  assert.equal(trip.timeoutUs, UTP_TIMEOUT_FIRST_US);
  trip.measured(800_000);
  assert.deepEqual([trip.us, trip.timeoutUs], [800_000, 800_000 + 4 * 400_000]);
  trip.measured(1_600_000);
  assert.deepEqual([trip.us, trip.timeoutUs], [900_000, 900_000 + 4 * 500_000]);
  for (let at = 0; at < 100; at++) trip.measured(1000);
  assert.equal(trip.timeoutUs, UTP_TIMEOUT_MIN_US);
});

test('each time in a row that nothing comes it is waited twice as long, within bounds', () => {
  const trip = new RoundTrip();
  trip.timedOut();
  trip.timedOut();
  assert.equal(trip.timeoutUs, 4 * UTP_TIMEOUT_FIRST_US);
  for (let at = 0; at < 10; at++) trip.timedOut();
  assert.equal(trip.timeoutUs, UTP_TIMEOUT_MAX_US);
  trip.progressed();
  assert.equal(trip.timeoutUs, UTP_TIMEOUT_FIRST_US);
});
