import assert from 'node:assert/strict';
import test from 'node:test';
import { SourceError } from '../../base/errors.ts';
import { TrackerRecord } from './tracker-record.ts';

const DOWN = new SourceError('ERR_PROXY_CONNECT', 'the proxy is down');
const REPLY = { peers: [], intervalMs: 1_800_000 };

test('while our way out is closed a tracker is what it was, and is asked when that is said', () => {
  const record = new TrackerRecord('http://a/announce', 0);
  record.answered(REPLY);
  record.nextMs = 1_800_000;
  record.heldBack(DOWN, 60_000);
  const { state, message, nextAnnounceMs } = record.status();
  assert.deepEqual([state, message, nextAnnounceMs], ['working', 'the proxy is down', 60_000]);
  assert.equal(record.mayAnnounceMs(true), 60_000);
  record.wayOpen();
  assert.equal(record.mayAnnounceMs(true), Number.NEGATIVE_INFINITY);
  assert.equal(record.status().nextAnnounceMs, 1_800_000);
});

test('a way out that opens hurries nobody who was not held back', () => {
  const record = new TrackerRecord('http://a/announce', 0);
  record.heldBack(DOWN, 60_000);
  record.answered(REPLY);
  record.failed(new SourceError('ERR_TRACKER_CONNECT', 'a cannot be reached'), 90_000);
  record.wayOpen();
  assert.equal(record.mayAnnounceMs(true), 90_000);
});
