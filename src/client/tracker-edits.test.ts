import assert from 'node:assert/strict';
import test from 'node:test';
import { TrackerEdits } from './tracker-edits.ts';

const OWN = [['http://a', 'http://b'], ['http://c']];

test('nothing changed is the torrent’s own list', () => {
  assert.deepEqual(new TrackerEdits().appliedTo(OWN), OWN);
});

test('trackers come into their tier or behind all others, and go, tier and all', () => {
  const edits = new TrackerEdits();
  edits.add('http://d', 0);
  edits.add('http://e', undefined);
  edits.add('http://f', 9);
  edits.remove('http://c');
  assert.deepEqual(edits.appliedTo(OWN), [['http://a', 'http://b', 'http://d'], ['http://e'], ['http://f']]);
  assert.equal(edits.version, 4);
});

test('the last word counts: added and removed, removed and added, added twice', () => {
  const edits = new TrackerEdits();
  edits.add('http://d', 0);
  edits.remove('http://d');
  edits.remove('http://a');
  edits.add('http://a', 1);
  edits.add('http://c', 0);
  edits.add('http://c', 0);
  assert.deepEqual(edits.appliedTo(OWN), [['http://b'], ['http://c', 'http://a']]);
});

test('a torrent file that names by now what the user added has it once', () => {
  const edits = new TrackerEdits([['http://d', 0]]);
  assert.deepEqual(edits.appliedTo([['http://d'], ['http://a']]), [['http://d'], ['http://a']]);
});
