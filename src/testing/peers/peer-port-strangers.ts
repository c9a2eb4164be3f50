// Who dials us: let in or not by the engine's word alone, before anything is made for him; and what the torrents that
// are shared have to do with it.
import assert from 'node:assert/strict';
import { rawHandshake } from '../wire/raw-messages.ts';
import { dialEncrypted } from '../wire/raw-mse.ts';
import type { Describe } from './peer-port-conformance.ts';
import { type PeerStage, STAGE_INFO_HASH } from './peer-stage.ts';
import { RawConnection } from './raw-peer.ts';

const CROWD = 20;
const ADMITTED = 3;

/** Somebody who begins to speak as soon as he is connected: over uTP he is not heard of before. */
async function knock(stage: PeerStage): Promise<RawConnection> {
  const peer = await RawConnection.dial(await stage.listen());
  peer.send(rawHandshake());
  return peer;
}

export function describeStrangers(scene: Describe): void {
  scene('who is not admitted is hung up on without a word, and the next one is judged anew', async (stage) => {
    const { recorder } = stage;
    const refused = async (): Promise<void> => {
      const peer = await knock(stage);
      await peer.closed();
      assert.equal(peer.socket.bytesRead, 0);
    };
    recorder.admitsHost = (host) => host !== '127.0.0.1';
    await refused();
    assert.deepEqual([recorder.strangers, [...recorder.ends]], [[], []]);
    recorder.admitsHost = () => true;
    const { link } = await stage.greeted(await stage.accepted());
    // A filter that is set while we run: who is in is the engine's business, who comes is asked about.
    recorder.admitsHost = () => false;
    await refused();
    assert.deepEqual([recorder.strangers.length, recorder.ends.has(link)], [1, false]);
  });

  scene('of a crowd that comes at once as many get in as the engine has room for', async (stage) => {
    const { recorder } = stage;
    recorder.admitsHost = () => recorder.strangers.length < ADMITTED;
    await stage.listen();
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => knock(stage)));
    let refused = 0;
    await new Promise<void>((resolve) => {
      for (const peer of crowd) void peer.closed().then(() => ++refused === CROWD - ADMITTED && resolve());
    });
    assert.equal(recorder.strangers.length, ADMITTED);
  });

  scene('a torrent that is not shared any more is not known to strangers who encrypt', async (stage) => {
    const { port, recorder, subject } = stage;
    port.unshare(STAGE_INFO_HASH);
    if (subject.encrypted) {
      const peer = await RawConnection.dial(await stage.listen());
      const negotiated = dialEncrypted(peer, STAGE_INFO_HASH).then(() => true);
      assert.notEqual(await Promise.race([negotiated, peer.closed()]), true);
      for (const { link } of recorder.strangers) assert.match((await recorder.end(link)).code, /^ERR_MSE_/);
    }
    port.share(STAGE_INFO_HASH);
    const { link } = await stage.greeted(await stage.accepted());
    assert.deepEqual(recorder.handshakes.get(link), rawHandshake());
  });
}
