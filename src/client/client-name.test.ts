import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { peerClient } from '../protocol/peer-id/peer-client.ts';
import { makePeerId, PEER_ID_PREFIX, USER_AGENT, VERSION } from './client-name.ts';

test('the version is the one of package.json', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.equal((manifest as { version: string }).version, VERSION);
  assert.equal(USER_AGENT, `millrace/${VERSION}`);
});

test('a peer id is 20 bytes, carries name and version, and is new each time', () => {
  const id = makePeerId();
  assert.equal(id.length, 20);
  assert.equal(Buffer.from(id.subarray(0, 8)).toString('latin1'), PEER_ID_PREFIX);
  assert.match(PEER_ID_PREFIX, /^-MR[0-9A-Z]{4}-$/);
  assert.equal(peerClient(id), `Millrace ${VERSION}`);
  assert.notDeepEqual(makePeerId(), id);
});
