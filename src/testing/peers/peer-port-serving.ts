// The sending half of what every PeerPort must do: blocks from anywhere in piece memory, in batches, and the requests
// for them.
import assert from 'node:assert/strict';
import { BLOCK_BYTES } from '../../engine/torrent/geometry.ts';
import { join, rawMessage, rawPiece } from '../wire/raw-messages.ts';
import type { Describe, Meet } from './peer-port-conformance.ts';
import { bytesOf, rawRange, type Wanted, wanted } from './peer-stage.ts';

const REQUEST = 6;
const HAVE = rawMessage(4, [0, 0, 0, 9]);

const pieceOf = (block: Wanted): Uint8Array => rawPiece(block.piece, block.begin, bytesOf(block));

export function describeServing(scene: Describe, meet: Meet): void {
  describeBlocks(scene, meet);
  describeRequests(scene, meet);
}

function describeBlocks(scene: Describe, meet: Meet): void {
  scene('blocks that came before a message are told before it', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const blocks = wanted(0, 1, 2);
    const told: number[] = [];
    stage.recorder.onMessage = () => told.push(stage.recorder.heard.length);
    stage.request(link, blocks);
    for (const block of blocks) peer.send(pieceOf(block), HAVE);
    await stage.recorder.until(() => told.length === 3);
    assert.deepEqual(told, [1, 2, 3]);
  });

  scene('blocks that wait to be read do not count as messages that do', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const blocks = 600;
    peer.socket.pause();
    for (let i = 0; i < blocks; i++) stage.serve(link, wanted(0));
    stage.port.send(link, HAVE);
    peer.socket.resume();
    const bytes = await peer.receive(blocks * (13 + BLOCK_BYTES) + HAVE.length);
    assert.deepEqual(bytes.subarray(-HAVE.length), HAVE);
    await stage.recorder.until(() => stage.recorder.servedBlocks === blocks);
    // Fewer bytes than were served, so that blocks which were never taken off the account would cover them.
    peer.socket.pause();
    for (let i = 0; i < 140; i++) stage.port.send(link, new Uint8Array(65_536));
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_SEND_QUEUE');
  });

  scene('a served block goes out from its place, and the place is told to be free', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const block = wanted(6)[0]!;
    stage.arena.frames.set(block.place, bytesOf(block));
    stage.port.send(link, HAVE);
    stage.serve(link, [block]);
    stage.port.send(link, HAVE);
    const expected = join(HAVE, pieceOf(block), HAVE);
    assert.equal(Buffer.compare(await peer.receive(expected.length), expected), 0);
    await stage.recorder.until(() => stage.recorder.servedBlocks === 1);
  });

  scene(
    'a batch goes out in its order, from wherever its bytes are, and the batch is the caller’s again',
    async (stage) => {
      const { link, peer } = await stage.greeted(await meet(stage));
      const whole = wanted(2, 3, 4);
      for (const block of whole) stage.arena.frames.set(block.place, bytesOf(block));
      // From the middle of the slot that begins at place 2: a block of its own frame, one across two, the rest of one.
      const parts = [
        { ...whole[1]!, place: 2, offset: BLOCK_BYTES },
        { piece: 3, begin: 2 * BLOCK_BYTES + 5, length: BLOCK_BYTES, place: 2, offset: 5 },
        { piece: 3, begin: 4 * BLOCK_BYTES, length: 77, place: 2, offset: 2 * BLOCK_BYTES },
      ];
      const joined = join(...whole.map(bytesOf));
      const expected = join(
        ...parts.map(({ piece, begin, length, offset }) =>
          rawPiece(piece, begin, joined.subarray(offset, offset + length)),
        ),
      );
      const batch = stage.serve(link, parts);
      batch.fill(-1);
      stage.serve(link, wanted(4));
      const all = join(expected, pieceOf(whole[2]!));
      assert.equal(Buffer.compare(await peer.receive(all.length), all), 0);
      await stage.recorder.until(() => stage.recorder.servedBlocks === 4);
    },
  );

  scene('one frame is served to several links at once', async (stage) => {
    const links = [await stage.greeted(await meet(stage)), await stage.greeted(await meet(stage))];
    const block = wanted(6)[0]!;
    stage.arena.frames.set(block.place, bytesOf(block));
    for (const { link } of links) stage.serve(link, [block]);
    for (const { peer } of links) {
      const bytes = await peer.receive(13 + BLOCK_BYTES);
      assert.equal(Buffer.compare(bytes, pieceOf(block)), 0);
    }
  });
}

function describeRequests(scene: Describe, meet: Meet): void {
  scene('requests come packed, as they were sent, before what came after them', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const odd = { piece: 0xffff_fffe, begin: 0x8000_0001, length: 0xffff_ffff, place: 0 };
    const many = wanted(...Array(600).keys());
    const heard: number[] = [];
    stage.recorder.onMessage = () => heard.push(stage.recorder.asked.length);
    peer.send(...many.map((block) => rawRange(REQUEST, block)), HAVE, rawRange(REQUEST, odd), HAVE);
    await stage.recorder.until(() => heard.length === 2);
    assert.deepEqual(heard, [600, 601]);
    const expected = [...many, odd].map(({ piece, begin, length }) => ({ link, piece, begin, length }));
    assert.deepEqual(stage.recorder.asked, expected);
    // A REQUEST of the wrong length is no request: the engine is told what it was.
    peer.send(rawMessage(REQUEST, [1, 2, 3]));
    await stage.recorder.until(() => stage.recorder.messages.length === 3);
    assert.deepEqual([...stage.recorder.messages[2]!.payload], [1, 2, 3]);
  });
}
