import assert from 'node:assert/strict';
import test from 'node:test';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import { LOOKUP_CANDIDATES_MAX, LOOKUP_IN_FLIGHT_MAX, LOOKUP_PARALLEL, LOOKUP_QUERIES_MAX } from './limits.ts';
import { Lookup, type LookupCandidate } from './lookup.ts';

const TARGET = new Uint8Array(20);

/** A node at this distance from the target. */
function node(distance: number, host = `10.0.${distance >> 8}.${distance & 255}`): NodeContact {
  const id = new Uint8Array(20);
  id[18] = distance >> 8;
  id[19] = distance;
  return { id, host, port: 1 };
}

function lookup(nodes: readonly NodeContact[], bound: (contact: NodeContact) => boolean = () => true): Lookup {
  return new Lookup({
    target: TARGET,
    nodes,
    judge: (contact) => ({ place: `${contact.host}|${contact.port}`, bound: bound(contact) }),
  });
}

function distances(candidates: readonly LookupCandidate[]): number[] {
  return candidates.map(({ contact }) => (contact.id[18]! << 8) | contact.id[19]!);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

test('it asks the nearest, a few at a time, and ends when the eight nearest have answered', () => {
  const run = lookup(range(20, 40).map((distance) => node(distance)));
  const asked = run.next();
  assert.deepEqual(distances(asked), [20, 21, 22, 23]);
  assert.equal(run.next().length, 0);
  run.answered(
    asked[0]!,
    asked[0]!.contact.id,
    range(1, 9).map((distance) => node(distance)),
    Uint8Array.of(1),
  );
  const nearest = run.next();
  assert.deepEqual(distances(nearest), [1]);
  let waiting = [...asked.slice(1), ...nearest];
  for (let rounds = 0; rounds < 20 && !run.finished; rounds++) {
    for (const candidate of waiting) run.answered(candidate, candidate.contact.id, []);
    waiting = run.next();
  }
  assert.ok(run.finished);
  assert.deepEqual(distances(run.closest()), range(1, 9));
});

test('slow nodes are asked around, up to a bound, and their late answers still count', () => {
  const run = lookup(range(1, 60).map((distance) => node(distance)));
  const slow: LookupCandidate[] = [];
  for (let batch = run.next(); batch.length > 0; batch = run.next()) {
    for (const candidate of batch) run.slow(candidate);
    slow.push(...batch);
  }
  assert.equal(slow.length, LOOKUP_IN_FLIGHT_MAX);
  assert.equal(run.finished, false);
  for (const candidate of slow) run.answered(candidate, candidate.contact.id, []);
  assert.ok(run.finished);
  assert.deepEqual(distances(run.closest()), range(1, 9));
});

test('whoever names nodes that do not answer is not believed for long', () => {
  const honest = range(100, 110).map((distance) => node(distance));
  const run = lookup([node(50), ...honest]);
  const [liar, ...others] = run.next();
  run.answered(
    liar!,
    liar!.contact.id,
    range(1, 9).map((distance) => node(distance)),
  );
  let lies = 0;
  const turn = (candidates: readonly LookupCandidate[]): void => {
    for (const candidate of candidates) {
      if (distances([candidate])[0]! > 8) run.answered(candidate, candidate.contact.id, []);
      else {
        lies++;
        run.failed(candidate);
      }
      turn(run.next());
    }
  };
  turn(others);
  assert.ok(run.finished);
  assert.ok(lies <= 4, `${lies} of his nodes were asked`);
  assert.equal(run.closest().length, 8);
});

test('a node that answers under another id is not the one that was looked for', () => {
  const run = lookup([node(5)]);
  const [candidate] = run.next();
  run.answered(candidate!, node(6).id, [node(1)]);
  assert.equal(candidate!.state, 'failed');
  assert.ok(run.finished);
  assert.deepEqual(run.closest(), []);
});

test('ids that do not fit their address end nothing, and are written to beside those that fit', () => {
  const run = lookup(
    range(1, 30).map((distance) => node(distance)),
    ({ id }) => id[19]! > 3,
  );
  for (let batch = run.next(); !run.finished; batch = run.next()) {
    for (const candidate of batch) run.answered(candidate, candidate.contact.id, []);
  }
  assert.deepEqual(distances(run.closest()), [...range(4, 12), 1, 2, 3]);
});

test('no stranger makes it ask or remember more than so many nodes', () => {
  const run = lookup([node(60_000)]);
  let fresh = 50_000;
  let asked = 0;
  for (let batch = run.next(); batch.length > 0; batch = run.next()) {
    assert.ok(batch.length <= LOOKUP_PARALLEL);
    for (const candidate of batch) {
      asked++;
      run.answered(
        candidate,
        candidate.contact.id,
        range(fresh - 20, fresh).map((distance) => node(distance)),
      );
      fresh -= 20;
    }
  }
  assert.ok(asked <= LOOKUP_QUERIES_MAX && run.finished);
  const silent = lookup(range(1, LOOKUP_CANDIDATES_MAX * 3).map((distance) => node(distance)));
  let failed = 0;
  for (let batch = silent.next(); batch.length > 0; batch = silent.next()) {
    for (const candidate of batch) silent.failed(candidate);
    failed += batch.length;
  }
  assert.equal(failed, LOOKUP_CANDIDATES_MAX);
  assert.ok(silent.finished);
});
