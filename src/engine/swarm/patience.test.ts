import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PINNED_PLACE_GRACE_MS, REQUEST_TIMEOUT_MS } from '../limits.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { KEEP_ALIVE_MS, MID_BLOCK_GRACE_MS, SILENCE_MS } from './limits.ts';
import { judge } from './patience.ts';
import { Peer } from './peer.ts';

const NOW_MS = 1_000_000;

/** A peer from which everything came just now, changed as told. */
function peer(changes: Partial<Peer> = {}, outstanding = 0): Peer {
  const made = new Peer(2, { host: '192.0.2.1', port: 1 }, false, new PeerPieces(new Bitfield(1)));
  const now = { connectedMs: NOW_MS, lastMessageMs: NOW_MS, lastSentMs: NOW_MS, lastBlockMs: NOW_MS };
  Object.assign(made, { ready: true, ...now, ...changes });
  made.debt.outstanding = outstanding;
  return made;
}

function verdict(judged: Peer, pins = false): string {
  const found = judge(judged, NOW_MS, pins);
  return found.kind === 'drop' ? found.code : found.kind;
}

test('a peer that talks is fine', () => {
  assert.equal(verdict(peer()), 'fine');
  assert.equal(verdict(peer({}, 10)), 'fine');
});

test('a newcomer gets the time of a dial and a handshake', () => {
  assert.equal(verdict(peer({ ready: false, connectedMs: NOW_MS - 20_000 })), 'fine');
  assert.equal(verdict(peer({ ready: false, connectedMs: NOW_MS - 20_001 })), 'ERR_PEER_HANDSHAKE_TIMEOUT');
});

test('silence ends a link; a block is not silence, nor is a message', () => {
  const longAgo = NOW_MS - SILENCE_MS - 1;
  assert.equal(verdict(peer({ lastMessageMs: longAgo, lastBlockMs: longAgo })), 'ERR_PEER_SILENT');
  assert.equal(verdict(peer({ lastMessageMs: longAgo })), 'fine');
  assert.equal(verdict(peer({ lastBlockMs: longAgo })), 'fine');
});

test('we are not silent either', () => {
  assert.equal(verdict(peer({ lastSentMs: NOW_MS - KEEP_ALIVE_MS })), 'fine');
  assert.equal(verdict(peer({ lastSentMs: NOW_MS - KEEP_ALIVE_MS - 1 })), 'keep-alive');
});

test('who owes blocks and sends none is snubbed, who owes nothing is not', () => {
  const lastBlockMs = NOW_MS - REQUEST_TIMEOUT_MS - 1;
  assert.equal(verdict(peer({ lastBlockMs }, 1)), 'snub');
  assert.equal(verdict(peer({ lastBlockMs: lastBlockMs + 1 }, 1)), 'fine');
  assert.equal(verdict(peer({ lastBlockMs }, 0)), 'fine');
});

test('a snubbed peer that still sends nothing is dropped', () => {
  const lastBlockMs = NOW_MS - MID_BLOCK_GRACE_MS - REQUEST_TIMEOUT_MS - 1;
  const snubbedMs = NOW_MS - MID_BLOCK_GRACE_MS - 1;
  assert.equal(verdict(peer({ snubbed: true, snubbedMs, lastBlockMs }, 1)), 'ERR_PEER_STALLED');
  assert.equal(verdict(peer({ snubbed: true, snubbedMs: NOW_MS, lastBlockMs }, 1)), 'fine');
  assert.equal(verdict(peer({ snubbed: true, snubbedMs, lastBlockMs: NOW_MS }, 1)), 'fine');
});

test('who holds the place of a block that has come already is waited for shortly', () => {
  const lastBlockMs = NOW_MS - PINNED_PLACE_GRACE_MS - 1;
  assert.equal(verdict(peer({ lastBlockMs }, 1), true), 'ERR_PEER_STALLED');
  assert.equal(verdict(peer({ lastBlockMs }, 1), false), 'fine');
  assert.equal(verdict(peer({ lastBlockMs: NOW_MS }, 1), true), 'fine');
});
