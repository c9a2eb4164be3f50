// What an impatient user reads while there is nobody to download from.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Asking, askingWords, type DhtAsking, dialWords } from './asking.ts';

const NOW_MS = 100_000;
type Tracker = Asking['trackers'][number];
const tracker = (state: Tracker['state'], nextMs?: number, announcing = false): Tracker => {
  return { state, announcing, ...(nextMs !== undefined && { nextAnnounceMs: NOW_MS + nextMs }) };
};
const dht = (changes: Partial<DhtAsking> = {}): DhtAsking => {
  return { nodes: 9, searching: false, nextMs: NOW_MS + 40_000, sinceMs: NOW_MS - 60_000, ...changes };
};
const words = (trackers: readonly Tracker[], node?: DhtAsking) => askingWords({ trackers, dht: node }, NOW_MS);

test('what trackers have said, or have not, and when they are asked again', () => {
  assert.equal(words([]), undefined);
  assert.equal(words([tracker('unsupported')]), undefined);
  assert.equal(words([tracker('waiting')]), 'asking the tracker');
  assert.equal(words([tracker('failing', 11_200)]), 'the tracker does not answer (again in 12 s)');
  assert.equal(words([tracker('failing', -50, true)]), 'the tracker does not answer (again in 1 s)');
  const two = [tracker('failing', 30_000), tracker('failing', 7000)];
  assert.equal(words(two), 'none of 2 trackers answers (again in 7 s)');
  assert.equal(words([...two, tracker('waiting')]), 'asking the trackers');
  assert.equal(words([...two, tracker('working', 1_500_000)]), '1 of 3 trackers names nobody (again in 25 min)');
  assert.equal(words([tracker('working', 60_000)]), 'the tracker names nobody (again in 60 s)');
  assert.equal(words([tracker('working', 60_000, true)]), 'asking the tracker');
  assert.equal(words([tracker('refusing', Number.POSITIVE_INFINITY)]), 'the tracker will not have us');
});

test('peers that are known and do not answer', () => {
  const known = (tried: number, untried: number, nextMs = 8000) =>
    dialWords({ tried, untried, retrying: 0, nextMs: NOW_MS + nextMs }, NOW_MS);
  assert.equal(known(0, 0, Number.POSITIVE_INFINITY), undefined);
  assert.equal(known(0, 1, 0), '1 known peer is to be tried');
  assert.equal(known(3, 2, 0), '2 known peers are to be tried');
  assert.equal(known(1, 0), 'the one known peer does not answer (again in 8 s)');
  assert.equal(known(3, 0, 0), 'none of 3 known peers answers');
});

test('how far the DHT is', () => {
  const young = dht({ nodes: 0, sinceMs: NOW_MS - 3000 });
  assert.equal(words([], young), 'looking for the first nodes of the DHT');
  assert.equal(words([tracker('waiting')], dht({ nodes: 0 })), 'asking the tracker, no node of the DHT answers yet');
  assert.equal(words([], dht({ searching: true })), 'looking for peers in the DHT (nodes: 9)');
  assert.equal(words([], dht()), 'the DHT knows nobody (nodes: 9, again in 40 s)');
  assert.equal(words([tracker('waiting')], young), 'asking the tracker, looking for the first nodes of the DHT');
});

test('when nothing at all answers for a while, the network is asked about', () => {
  const dead = [tracker('failing', 10_000), tracker('failing', 20_000)];
  const question = 'neither trackers nor the DHT answer; is this machine online?';
  assert.equal(words([], dht({ nodes: 0 })), 'no node of the DHT answers; is this machine online?');
  assert.equal(words(dead, dht({ nodes: 0 })), question);
  assert.notEqual(words(dead, dht({ nodes: 0, sinceMs: NOW_MS - 3000 })), question, 'not at once');
  assert.notEqual(words(dead, dht()), question, 'a node is known');
  assert.notEqual(words([...dead, tracker('working', 1)], dht({ nodes: 0 })), question, 'a tracker has answered');
  assert.notEqual(words(dead), question, 'the DHT is off');
});
