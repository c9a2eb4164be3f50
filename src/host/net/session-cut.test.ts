// A good session, recorded as bytes, that ends too early: after every single byte of it. Whatever had come until then, the
// host tells the end once and keeps no place.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import { type PeerMaker, PeerStage, type Wanted } from '../../testing/peers/peer-stage.ts';
import { blockBytes, join, rawHandshake, rawLength, rawMessage, rawPiece } from '../../testing/wire/raw-messages.ts';
import { LinkHost } from './link-host.ts';

const maker =
  (encrypted: boolean): PeerMaker =>
  (arena, sink) => {
    const port = new LinkHost({ arena, encryption: encrypted ? 'require' : 'off' });
    port.start(sink);
    return {
      encrypted,
      port,
      listen: (host, portNumber) => port.listen(host, portNumber),
      shutdown: () => port.shutdown(),
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };

interface Session {
  readonly bytes: Uint8Array;
  readonly blocks: readonly Wanted[];
  /** Where each block's last byte ends in `bytes`. */
  readonly ends: readonly number[];
  /** Where each message begins. */
  readonly borders: readonly number[];
}

/** Handshake, bitfield, unchoke, and blocks of these lengths out of order among other messages. */
function record(lengths: readonly number[]): Session {
  const blocks = lengths.map((length, k) => ({ piece: 3, begin: k * BLOCK_BYTES, length, place: k }));
  const parts = [rawHandshake(), rawMessage(5, [0xff]), rawMessage(1, [])];
  const answered = [...blocks.keys()].map((k) => k ^ 1).filter((k) => k < blocks.length);
  if (blocks.length % 2 === 1) answered.push(blocks.length - 1);
  const ends: number[] = [];
  for (const k of new Set(answered)) {
    const { piece, begin, length } = blocks[k]!;
    parts.push(rawPiece(piece, begin, blockBytes(piece, begin, length)));
    ends[k] = join(...parts).length;
    parts.push(k % 2 === 0 ? rawLength(0) : rawMessage(4, [0, 0, 0, k]));
  }
  const borders = parts.map((_, i) => join(...parts.slice(0, i)).length);
  return { bytes: join(...parts), blocks, ends, borders };
}

async function cutAfter(stage: PeerStage, session: Session, byteCount: number): Promise<void> {
  const { recorder } = stage;
  recorder.heard.length = 0;
  const { link, peer } = await stage.dialled();
  stage.request(link, session.blocks);
  await peer.receive(session.blocks.length * 17);
  peer.send(session.bytes.subarray(0, byteCount));
  peer.socket.end();
  const end = await recorder.end(link);
  assert.equal(end.code, 'ERR_LINK_CLOSED');
  const whole = session.blocks.filter((_, k) => session.ends[k]! <= byteCount);
  assert.deepEqual(
    recorder.heard.map(({ begin, outcome }) => `${begin} ${outcome}`).sort(),
    whole.map(({ begin }) => `${begin} landed`).sort(),
  );
  for (const block of whole) stage.assertInPlace(block);
  assert.equal(recorder.handshakes.has(link), byteCount >= 68);
}

for (const encrypted of [false, true]) {
  const how = encrypted ? 'an encrypted session' : 'a session';
  const make = maker(encrypted);

  test(`${how} of short blocks may end after any byte`, { timeout: 20_000 }, async () => {
    const session = record([40, 1, 30, 13, 17]);
    await PeerStage.play(make, async (stage) => {
      for (let count = 0; count <= session.bytes.length; count++) await cutAfter(stage, session, count);
    });
  });

  test(`${how} of full blocks may end around every border, also inside a header that hangs over`, {
    timeout: 20_000,
  }, async () => {
    const session = record([BLOCK_BYTES, BLOCK_BYTES, BLOCK_BYTES, 100]);
    const counts = new Set<number>();
    for (const border of [...session.borders, session.bytes.length]) {
      for (let count = border - 3; count <= border + 15; count++) counts.add(count);
    }
    await PeerStage.play(make, async (stage) => {
      for (const count of counts)
        if (count >= 0 && count <= session.bytes.length) await cutAfter(stage, session, count);
    });
  });
}
