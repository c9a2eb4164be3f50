import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { Peer } from '../swarm/peer.ts';
import { explainStall, type StallFacts } from './stall.ts';

/** A peer that has something for us and lets us download. */
function peer(changes: Partial<Peer> = {}, useful = 1): Peer {
  const made = new Peer(2, { host: '192.0.2.1', port: 1 }, false, new PeerPieces(new Bitfield(1)));
  made.pieces.useful = useful;
  return Object.assign(made, { ready: true, chokingUs: false, ...changes });
}

function code(facts: Partial<StallFacts>): string {
  return explainStall({ peers: [], dialling: undefined, retrying: 0, asking: undefined, lastRefusal: 'none', ...facts })
    .code;
}

test('alone, it says what can be done about it', () => {
  const words = new Set<string>();
  for (const facts of [{}, { asking: 'asking the tracker' }, { dialling: 'the one known peer does not answer' }]) {
    assert.equal(code(facts), 'no-peers');
    words.add(
      explainStall({ peers: [], dialling: undefined, retrying: 0, asking: undefined, lastRefusal: 'none', ...facts })
        .message,
    );
  }
  assert.equal(words.size, 3);
  assert.equal(code({ peers: [peer({ ready: false })], dialling: '1 known peer is to be tried' }), 'connecting');
  const dialling = { peers: [peer({ ready: false }), peer({ ready: false })], dialling: undefined };
  const said = (retrying: number): string =>
    explainStall({ ...dialling, retrying, asking: undefined, lastRefusal: 'none' }).message;
  assert.deepEqual(
    [said(1), said(2)],
    ['connecting to 2 peers', 'connecting to 2 peers again; none has answered so far'],
  );
});

test('the peers come before our own limits, and the limits before waiting', () => {
  assert.equal(code({ peers: [peer({}, 0)], lastRefusal: 'memory' }), 'nothing-wanted-offered');
  assert.equal(code({ peers: [peer({ chokingUs: true }), peer({}, 0)], lastRefusal: 'memory' }), 'all-choked');
  const peers = [peer(), peer({ chokingUs: true })];
  assert.equal(code({ peers, lastRefusal: 'rate' }), 'rate-limit');
  assert.equal(code({ peers, lastRefusal: 'memory' }), 'memory-cap');
  assert.equal(code({ peers, lastRefusal: 'disk' }), 'disk-slow');
  assert.equal(code({ peers: [peer({ snubbed: true })] }), 'peers-stalled');
  assert.equal(code({ peers }), 'waiting');
});

test('the message counts', () => {
  const message = (peers: Peer[]): string =>
    explainStall({ peers, dialling: undefined, retrying: 0, asking: undefined, lastRefusal: 'none' }).message;
  assert.match(message([peer({ chokingUs: true })]), /1 peer /);
  assert.match(message([peer({ chokingUs: true }), peer({ chokingUs: true })]), /2 peers /);
});

test('when our own way out is closed that is the reason, whatever else there is to say', () => {
  const outage = { message: 'the proxy is down' };
  assert.equal(code({ outage }), 'no-way-out');
  assert.equal(
    code({ outage, dialling: 'the one known peer does not answer', webSeedTrouble: 'web seed cannot be reached' }),
    'no-way-out',
  );
  assert.equal(code({ outage, peers: [peer({ ready: false })] }), 'no-way-out');
  assert.equal(code({ outage, peers: [peer()] }), 'waiting', 'who is connected is connected');
});
