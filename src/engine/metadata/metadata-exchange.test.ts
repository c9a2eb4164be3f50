import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { equalBytes } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { METADATA_PIECE_BYTES } from '../../protocol/extension/metadata-message.ts';
import { METADATA_TIMEOUT_MS } from './limits.ts';
import { MetadataExchange, type MetadataOutcome } from './metadata-exchange.ts';

const BYTES = Uint8Array.from({ length: METADATA_PIECE_BYTES * 5 + 77 }, (_, at) => (at * 7) ^ (at >> 8));

function exchange(): MetadataExchange {
  return new MetadataExchange((bytes) => equalBytes(bytes, BYTES));
}

function pieceOf(bytes: Uint8Array, piece: number): Uint8Array {
  return bytes.subarray(piece * METADATA_PIECE_BYTES, (piece + 1) * METADATA_PIECE_BYTES);
}

const LIES = BYTES.slice().fill(9);

/** Runs an exchange in which some peers lie, some are mute and some refuse; returns what it ended with, and the banned. */
function play(
  subject: MetadataExchange,
  kinds: ReadonlyMap<number, 'honest' | 'liar' | 'mute' | 'refuses'>,
  rounds = 200,
) {
  const banned: number[] = [];
  let outcome: MetadataOutcome = { kind: 'waiting' };
  for (let round = 0; round < rounds; round++) {
    const nowMs = round * METADATA_TIMEOUT_MS;
    for (const { link, piece } of subject.due(nowMs)) {
      const kind = kinds.get(link);
      if (banned.includes(link) || kind === 'mute') continue;
      if (kind === 'refuses') subject.refused(link, piece, nowMs);
      else outcome = subject.data(link, piece, BYTES.length, pieceOf(kind === 'liar' ? LIES : BYTES, piece));
      if (outcome.kind === 'complete') return { bytes: outcome.bytes, banned };
      if (outcome.kind === 'corrupt' && outcome.guilty !== undefined) {
        banned.push(outcome.guilty);
        subject.withdraw(outcome.guilty);
      }
    }
  }
  return { bytes: undefined, banned };
}

test('several peers share the work, and each piece is asked for once', () => {
  const subject = exchange();
  subject.offer(1, BYTES.length);
  subject.offer(2, BYTES.length);
  const requests = subject.due(0);
  assert.deepEqual(requests.map(({ piece }) => piece).sort(), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(new Set(requests.map(({ link }) => link)), new Set([1, 2]));
  assert.deepEqual(subject.due(1), []);
  for (const { link, piece } of requests.slice(1)) subject.data(link, piece, BYTES.length, pieceOf(BYTES, piece));
  assert.ok(subject.progress > 0.8 && subject.progress < 1);
  const [{ link, piece }] = requests as [{ link: number; piece: number }];
  const outcome = subject.data(link, piece, BYTES.length, pieceOf(BYTES, piece));
  assert.ok(outcome.kind === 'complete' && equalBytes(outcome.bytes, BYTES));
});

test('as long as one peer is honest the metadata comes, and no honest peer is blamed', () => {
  const kind = fc.constantFrom('honest', 'liar', 'mute', 'refuses') as fc.Arbitrary<
    'honest' | 'liar' | 'mute' | 'refuses'
  >;
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 8 }), fc.nat(8), (others, at) => {
      const all = [...others.slice(0, at), 'honest' as const, ...others.slice(at)];
      const kinds = new Map(all.map((each, index) => [index + 1, each]));
      const subject = exchange();
      for (const link of kinds.keys()) subject.offer(link, BYTES.length);
      const { bytes, banned } = play(subject, kinds);
      assert.ok(bytes !== undefined && equalBytes(bytes, BYTES));
      for (const link of banned) assert.equal(kinds.get(link), 'liar');
    }),
  );
});

test('when sizes differ, whoever claims the wrong one holds nobody up', () => {
  const subject = exchange();
  subject.offer(1, 12);
  subject.offer(2, BYTES.length);
  const kinds = new Map([
    [1, 'mute' as const],
    [2, 'honest' as const],
  ]);
  const { bytes } = play(subject, kinds, 3);
  assert.ok(bytes !== undefined && equalBytes(bytes, BYTES));
});

test('a piece that comes after its time still counts', () => {
  const subject = exchange();
  subject.offer(1, METADATA_PIECE_BYTES);
  subject.due(0);
  assert.deepEqual(subject.due(METADATA_TIMEOUT_MS), [], 'it rests');
  const outcome = subject.data(1, 0, METADATA_PIECE_BYTES, new Uint8Array(METADATA_PIECE_BYTES));
  assert.equal(outcome.kind, 'corrupt');
});

test('pieces that nobody asked for, or of the wrong length, cost their sender the connection', () => {
  const subject = exchange();
  subject.offer(1, BYTES.length);
  const broken = (run: () => unknown): void => assert.throws(run, (error: unknown) => error instanceof PeerError);
  broken(() => subject.data(1, 0, BYTES.length, pieceOf(BYTES, 0)));
  subject.due(0);
  broken(() => subject.data(2, 0, BYTES.length, pieceOf(BYTES, 0)));
  broken(() => subject.data(1, 9, BYTES.length, pieceOf(BYTES, 0)));
  broken(() => subject.data(1, 0, BYTES.length, pieceOf(BYTES, 0).subarray(1)));
  broken(() => subject.data(1, 1, BYTES.length + 1, pieceOf(BYTES, 1)));
});
