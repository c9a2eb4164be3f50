// Places that pass from one link to another, which may live in another thread: the hazard of direct placement.
import assert from 'node:assert/strict';
import type { LinkId } from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../engine/torrent/geometry.ts';
import { rawMessage, rawPiece } from '../wire/raw-messages.ts';
import type { Describe } from './peer-port-conformance.ts';
import { bytesOf, type PeerStage, rawRange, type Wanted, wanted } from './peer-stage.ts';
import type { RawConnection } from './raw-peer.ts';

const REQUEST = 6;
const HAVE = rawMessage(4, [0, 0, 0, 9]);

const pieceOf = (block: Wanted): Uint8Array => rawPiece(block.piece, block.begin, bytesOf(block));

type Met = { link: LinkId; peer: RawConnection };

/** A place that one link gives back is another one's at once: nothing of the first may come there any more. */
export function describeHandingOver(scene: Describe): void {
  const twoLinks = async (stage: PeerStage): Promise<Met[]> => [
    await stage.greeted(await stage.dialled()),
    await stage.greeted(await stage.dialled()),
  ];

  scene('a place goes from link to link as blocks land in it', async (stage) => {
    const links = await twoLinks(stage);
    const blocks = wanted(...Array(24).keys()).map((block) => ({ ...block, place: 1 }));
    const ask = (k: number): void => stage.request(links[k % 2]!.link, [blocks[k]!]);
    stage.recorder.onBlock = ({ outcome, begin }) => {
      assert.equal(outcome, 'landed');
      const k = begin / BLOCK_BYTES;
      stage.assertInPlace(blocks[k]!);
      if (k + 1 < blocks.length) ask(k + 1);
    };
    ask(0);
    for (const [k, block] of blocks.entries()) {
      const { peer } = links[k % 2]!;
      assert.deepEqual(await peer.receive(17), rawRange(REQUEST, block));
      // What follows the block is read while its place is somebody else's already.
      peer.send(pieceOf(block), HAVE);
    }
    await stage.recorder.blocksHeard(blocks.length);
  });

  scene('a block that comes after its place was given to another link does not come there', async (stage) => {
    const links = await twoLinks(stage);
    const rounds = 8;
    const late = wanted(...Array(rounds).keys()).map((block) => ({ ...block, place: 0 }));
    const good = late.map((block) => ({ ...block, piece: 4 }));
    const { heard } = stage.recorder;
    for (let k = 0; k < rounds; k++) {
      const [from, to] = [links[k % 2]!, links[(k + 1) % 2]!];
      const before = heard.length;
      stage.request(from.link, [late[k]!]);
      await from.peer.receive(17);
      stage.recorder.onBlock = ({ outcome }) => {
        if (outcome === 'returned') stage.request(to.link, [good[k]!]);
      };
      stage.port.revoke(from.link, 3, late[k]!.begin, false);
      await to.peer.receive(17);
      from.peer.send(pieceOf(late[k]!));
      to.peer.send(pieceOf(good[k]!));
      await stage.recorder.blocksHeard(before + 3);
      stage.assertInPlace(good[k]!);
      const outcomes = heard.slice(before).map(({ outcome }) => outcome);
      assert.deepEqual(outcomes.sort(), ['landed', 'returned', 'wasted']);
    }
  });

  scene(
    'a block that another link brought is moved behind the place that the first one was to fill, uncopied',
    async (stage) => {
      const [first, second] = (await twoLinks(stage)) as [Met, Met];
      const [block] = wanted(0) as [Wanted];
      const elsewhere = { ...block, place: 5 };
      stage.request(first.link, [block]);
      await first.peer.receive(17);
      first.peer.send(pieceOf(block).subarray(0, 9000));
      stage.request(second.link, [elsewhere]);
      await second.peer.receive(17);
      second.peer.send(pieceOf(elsewhere));
      await stage.recorder.blocksHeard(1);
      stage.port.close(first.link);
      await stage.recorder.end(first.link);
      const before = stage.subject.receivedBytes().copied;
      stage.port.move(elsewhere.place, block.place);
      stage.assertInPlace(block);
      assert.equal(stage.subject.receivedBytes().copied, before);
      // What is behind the other place now is nobody's, and is written to like any.
      const next = { ...wanted(1)[0]!, place: elsewhere.place };
      stage.request(second.link, [next]);
      await second.peer.receive(17);
      second.peer.send(pieceOf(next));
      await stage.recorder.blocksHeard(2);
      stage.assertInPlace(next);
      stage.assertInPlace(block);
    },
  );
}
