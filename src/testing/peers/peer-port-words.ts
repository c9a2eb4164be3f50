// What is said beside blocks, either way: how long it may be, and who is heard no further.
import assert from 'node:assert/strict';
import { join, rawHandshake, rawLength, rawMessage } from '../wire/raw-messages.ts';
import type { Describe, Meet } from './peer-port-conformance.ts';
import { rawRange, wanted } from './peer-stage.ts';

const REQUEST = 6;
const HAVE = rawMessage(4, [0, 0, 0, 9]);

export function describeWords(scene: Describe, meet: Meet): void {
  scene(
    'a message that comes along with the handshake may be as long as the answer to the handshake says',
    async (stage) => {
      const { link, peer } = await meet(stage);
      const bits = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
      stage.recorder.onHandshake = (heard) => stage.port.limitMessages(heard, bits.length);
      peer.send(rawHandshake(), rawMessage(5, bits), HAVE);
      await stage.recorder.until(() => stage.recorder.messages.length === 2 || stage.recorder.ends.has(link));
      assert.deepEqual(
        stage.recorder.messages.map(({ id }) => id),
        [5, 4],
      );
      assert.equal(Buffer.compare(stage.recorder.messages[0]!.payload, bits), 0, 'it arrives as it was sent');
      stage.port.limitMessages(link, 1000);
      stage.port.send(link, HAVE);
      await peer.receive(HAVE.length);
      peer.send(rawMessage(20, new Uint8Array(40_000)));
      assert.equal(
        (await stage.recorder.end(link)).code,
        'ERR_WIRE_LENGTH',
        'what is long enough for nobody is refused',
      );
    },
  );

  scene('who is refused for its handshake is not heard any further', async (stage) => {
    const { link, peer } = await meet(stage);
    stage.recorder.onHandshake = (heard) => stage.port.close(heard);
    peer.send(rawHandshake(), HAVE, rawRange(REQUEST, wanted(0)[0]!), rawLength(0));
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_CLOSED_HERE');
    const { messages, asked, keepAlives } = stage.recorder;
    assert.deepEqual([messages.length, asked.length, keepAlives], [0, 0, 0]);
  });

  scene('what is sent in one piece arrives as it was, however long', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const bytes = Uint8Array.from({ length: 300_001 }, (_, i) => i * 13);
    stage.port.send(link, bytes);
    stage.port.send(link, HAVE);
    assert.equal(Buffer.compare(await peer.receive(bytes.length + HAVE.length), join(bytes, HAVE)), 0);
  });
}
