// What every PeerPort must do, whatever carries its links. Peers are raw bytes here: our own codec would forgive itself.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { LinkId } from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../engine/torrent/geometry.ts';
import { join, rawHandshake, rawLength, rawMessage, rawPiece } from '../wire/raw-messages.ts';
import { BoundaryCoverage } from './boundary-coverage.ts';
import { DeafListener } from './deaf-listener.ts';
import { describeHandingOver } from './peer-port-handover.ts';
import { describeServing } from './peer-port-serving.ts';
import { describeStrangers } from './peer-port-strangers.ts';
import { describeWords } from './peer-port-words.ts';
import type { HeardBlock } from './peer-recorder.ts';
import { bytesOf, type PeerMaker, PeerStage, rawRange, STAGE_INFO_HASH, type Wanted, wanted } from './peer-stage.ts';
import { RawConnection, RawListener } from './raw-peer.ts';

// Each takes milliseconds; a machine that is busy with all the other tests may stand still for seconds.
const TIMEOUT_MS = 60_000;
const REQUEST = 6;
const CANCEL = 8;
const HAVE = rawMessage(4, [0, 0, 0, 9]);

const pieceOf = (block: Wanted): Uint8Array => rawPiece(block.piece, block.begin, bytesOf(block));

export interface PeerPortTraits {
  /** True when accepted links read blocks by way of a buffer. */
  readonly copiesAccepted: boolean;
  /** True when all links do: blocks come in datagrams. Nobody says then that nobody is there. */
  readonly datagrams?: boolean;
  /** There is no uTP: who is to be dialled over it cannot be. */
  readonly tcpAlone?: boolean;
}

export type Scene = (stage: PeerStage) => Promise<void>;
export type Meet = (stage: PeerStage) => Promise<{ link: LinkId; peer: RawConnection }>;

export function describePeerPort(name: string, make: PeerMaker, traits: PeerPortTraits): void {
  const coverage = new BoundaryCoverage();
  const scene = (what: string, play: Scene): void => {
    test(`${name}: ${what}`, { timeout: TIMEOUT_MS }, () => PeerStage.play(coverage.watch(make), play));
  };
  describeMeeting(scene);
  if (traits.tcpAlone) describeTransports(scene);
  describeStrangers(scene);
  if (!traits.datagrams) describeUnanswered(scene);
  for (const [how, meet, copies] of [
    ['a link that it dialled', (stage) => stage.dialled(), traits.datagrams === true],
    ['a link that it accepted', (stage) => stage.accepted(), traits.copiesAccepted],
  ] satisfies [string, Meet, boolean][]) {
    describeWords((what, play) => scene(`${how}: ${what}`, play), meet);
    describeReceiving((what, play) => scene(`${how}: ${what}`, play), meet, copies);
    describeServing((what, play) => scene(`${how}: ${what}`, play), meet);
    describeEnds((what, play) => scene(`${how}: ${what}`, play), meet);
  }
  describeHandingOver(scene);
  describeReentrancy(scene);
  test(`${name}: all that the boundary has was exercised`, () => coverage.assertComplete());
}

export type Describe = (what: string, play: Scene) => void;

function describeMeeting(scene: Describe): void {
  scene('strangers have odd numbers, an address, and are heard', async (stage) => {
    const first = await stage.greeted(await stage.accepted());
    const second = await stage.accepted();
    assert.deepEqual([first.link % 2, second.link % 2], [1, 1]);
    assert.notEqual(first.link, second.link);
    const { address } = stage.recorder.strangers[0]!;
    const port = stage.subject.strangersPort ?? first.peer.socket.localPort;
    assert.deepEqual([address.host, address.port], ['127.0.0.1', port]);
    assert.deepEqual(stage.recorder.handshakes.get(first.link), rawHandshake());
  });

  scene('what is sent before the connection stands arrives once it does', async (stage) => {
    const link = stage.newLink();
    stage.port.connect(link, stage.rawAddress, TIMEOUT_MS, STAGE_INFO_HASH);
    stage.port.send(link, rawHandshake(1));
    const peer = await stage.acceptRaw();
    assert.deepEqual(await peer.receive(68), rawHandshake(1));
    await stage.recorder.until(() => stage.recorder.connectedLinks.length === 1);
  });

  scene('shutting down ends every link and stops listening', async (stage) => {
    const links = [await stage.greeted(await stage.accepted()), await stage.greeted(await stage.dialled())];
    for (const { link } of links) stage.request(link, wanted(link));
    const dialling = stage.newLink();
    stage.port.connect(dialling, stage.rawAddress, TIMEOUT_MS, STAGE_INFO_HASH);
    const address = await stage.listen();
    await stage.shutdown();
    const ended = [...stage.recorder.ends.values()].map(({ code }) => code);
    assert.deepEqual(ended, Array(3).fill('ERR_LINK_CLOSED_HERE'));
    await assert.rejects(RawConnection.dial(address), { code: 'ECONNREFUSED' });
  });

  scene('an address that cannot be dialled ends the link and throws nothing', async (stage) => {
    for (const port of [0, 65_536, -1, Number.NaN]) {
      const link = stage.newLink();
      stage.port.connect(link, { host: '127.0.0.1', port }, TIMEOUT_MS, STAGE_INFO_HASH);
      stage.request(link, wanted(0));
      assert.ok(!stage.recorder.ends.has(link), 'no call answers at once');
      await stage.recorder.end(link);
    }
  });

  scene('a link closed while it is dialled', async (stage) => {
    const link = stage.newLink();
    stage.port.connect(link, stage.rawAddress, TIMEOUT_MS, STAGE_INFO_HASH);
    stage.request(link, wanted(0, 1));
    stage.port.close(link);
    stage.port.close(link);
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_CLOSED_HERE');
    assert.deepEqual(stage.recorder.connectedLinks, []);
  });
}

function describeTransports(scene: Describe): void {
  scene('who is to be dialled over uTP is not dialled over anything else', async (stage) => {
    const link = stage.newLink();
    stage.port.connect(link, { ...stage.rawAddress, via: 'utp' }, TIMEOUT_MS, STAGE_INFO_HASH);
    assert.ok(!stage.recorder.ends.has(link), 'no call answers at once');
    assert.equal((await stage.recorder.end(link)).code, 'EPROTONOSUPPORT');
    const over = stage.newLink();
    stage.port.connect(over, { ...stage.rawAddress, via: 'tcp' }, TIMEOUT_MS, STAGE_INFO_HASH);
    await stage.acceptRaw();
    await stage.recorder.until(() => stage.recorder.connectedLinks.includes(over));
  });
}

function describeUnanswered(scene: Describe): void {
  scene('nobody listens there', async (stage) => {
    const gone = await RawListener.open();
    await gone.close();
    const link = stage.newLink();
    stage.port.connect(link, gone.address, TIMEOUT_MS, STAGE_INFO_HASH);
    assert.equal(stage.recorder.ends.size, 0, 'no call answers at once');
    assert.equal((await stage.recorder.end(link)).code, 'ECONNREFUSED');
    assert.deepEqual(stage.recorder.connectedLinks, []);
  });

  scene('no answer in time', async (stage) => {
    const deaf = await DeafListener.open();
    try {
      const link = stage.newLink();
      stage.port.connect(link, deaf.address, 1, STAGE_INFO_HASH);
      assert.equal((await stage.recorder.end(link)).code, 'ETIMEDOUT');
      assert.deepEqual(stage.recorder.connectedLinks, []);
    } finally {
      await deaf.close();
    }
  });
}

function describeReceiving(scene: Describe, meet: Meet, copies: boolean): void {
  scene('messages come through, keep-alives do not', async (stage) => {
    const { peer } = await stage.greeted(await meet(stage));
    peer.send(rawLength(0), HAVE, rawMessage(1, []), rawLength(0), rawMessage(20, new Uint8Array(9000).fill(5)));
    await stage.recorder.until(() => stage.recorder.messages.length === 3);
    assert.deepEqual(
      stage.recorder.messages.map(({ id, payload }) => [id, payload.length]),
      [
        [4, 4],
        [1, 0],
        [20, 9000],
      ],
    );
  });

  scene('requested blocks land in their places', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const blocks: Wanted[] = [...wanted(4, 5, 6, 7), { piece: 9, begin: BLOCK_BYTES, length: 1234, place: 2 }];
    stage.request(link, blocks);
    const requests = join(...blocks.map((block) => rawRange(REQUEST, block)));
    assert.deepEqual(await peer.receive(requests.length), requests);
    for (const block of blocks) peer.send(pieceOf(block));
    const heard = await stage.recorder.blocksHeard(blocks.length);
    assert.deepEqual(
      heard,
      blocks.map(({ piece, begin, length }) => ({ link, piece, begin, length, outcome: 'landed' })),
    );
    for (const block of blocks) stage.assertInPlace(block);
    const { placed, copied } = stage.subject.receivedBytes();
    assert.equal(placed + copied, 4 * BLOCK_BYTES + 1234);
    assert.equal(copies ? placed : copied < BLOCK_BYTES, copies ? 0 : true, `${placed} placed, ${copied} copied`);
  });

  scene('revoked blocks are returned later, cancelled on demand, and wasted when they come', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const [first, second, third] = wanted(0, 1, 2) as [Wanted, Wanted, Wanted];
    stage.request(link, [first, second, third]);
    await peer.receive(51);
    stage.port.revoke(link, first.piece, first.begin, true);
    stage.port.revoke(link, second.piece, second.begin, false);
    assert.deepEqual(stage.recorder.heard, [], 'no call answers at once');
    await stage.recorder.blocksHeard(2);
    stage.port.revokeAll(link, true);
    stage.port.revokeAll(link, true);
    await stage.recorder.blocksHeard(3);
    stage.port.send(link, HAVE);
    const cancels = join(rawRange(CANCEL, first), rawRange(CANCEL, third), HAVE);
    assert.deepEqual(await peer.receive(cancels.length), cancels);
    peer.send(pieceOf(second));
    const outcomes = (await stage.recorder.blocksHeard(4)).map(({ begin, outcome }) => `${begin} ${outcome}`);
    assert.deepEqual(outcomes, ['0 returned', '16384 returned', '32768 returned', '16384 wasted']);
    assert.ok(stage.arena.frames.bytes.every((byte) => byte === 0));
  });

  scene('a block under way lands although it is revoked', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    const [first, second] = wanted(0, 1) as [Wanted, Wanted];
    stage.request(link, [first, second]);
    await peer.receive(34);
    const bytes = pieceOf(first);
    peer.send(bytes.subarray(0, 5000));
    // Nothing tells that a part of a block has come; turns of the event loop are waited for, not time.
    while (stage.arena.frames.block(first.place)[4000] !== bytes[4013])
      await new Promise((resolve) => setImmediate(resolve));
    stage.port.revoke(link, first.piece, first.begin, true);
    stage.port.revokeAll(link, false);
    // Its neighbour is returned when the destination has moved, which is before the block is complete. A host that lives
    // elsewhere may hear of the revocation later than of the next bytes, so there are several next ones.
    let sent = 5000;
    for (; stage.recorder.heard.length === 0; sent++) {
      assert.ok(sent < bytes.length - 1, 'returned while the block was coming in');
      peer.send(bytes.subarray(sent, sent + 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.send(bytes.subarray(sent), pieceOf(second));
    await stage.recorder.until(() => stage.recorder.heard.length === 3);
    const outcomes = stage.recorder.heard.map(({ begin, outcome }) => `${begin} ${outcome}`).sort();
    assert.deepEqual(outcomes, ['0 landed', '16384 returned', '16384 wasted']);
    stage.assertInPlace(first);
    stage.port.send(link, HAVE);
    assert.deepEqual(await peer.receive(9), HAVE, 'nothing was cancelled');
  });
}

function describeEnds(scene: Describe, meet: Meet): void {
  /** A link with a block half received and others expected. */
  const midBlock = async (stage: PeerStage): Promise<{ link: LinkId; peer: RawConnection }> => {
    const { link, peer } = await stage.greeted(await meet(stage));
    stage.request(link, wanted(0, 1, 2));
    await peer.receive(51);
    peer.send(pieceOf(wanted(0)[0]!), pieceOf(wanted(1)[0]!).subarray(0, 9000));
    await stage.recorder.blocksHeard(1);
    return { link, peer };
  };

  scene('closing it frees everything', async (stage) => {
    const { link, peer } = await midBlock(stage);
    stage.port.close(link);
    stage.port.close(link);
    stage.request(link, wanted(5));
    assert.equal(stage.recorder.ends.size, 0, 'no call answers at once');
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_CLOSED_HERE');
    peer.socket.end();
    await peer.closed();
  });

  scene('the peer hangs up', async (stage) => {
    const { link, peer } = await midBlock(stage);
    peer.socket.destroy();
    assert.match((await stage.recorder.end(link)).code, /^(ERR_LINK_CLOSED|ECONNRESET)$/);
  });

  scene('the peer resets the connection', async (stage) => {
    const { link, peer } = await midBlock(stage);
    peer.socket.resetAndDestroy();
    assert.match((await stage.recorder.end(link)).code, /^(ECONNRESET|ERR_LINK_CLOSED)$/);
  });

  scene('the peer hangs up its half and reads no more', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    peer.socket.pause();
    const block = wanted(0)[0]!;
    for (let i = 0; i < 1000; i++) stage.serve(link, [block]);
    peer.socket.end();
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_CLOSED');
  });

  scene('the peer does not read what it is sent', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    peer.socket.pause();
    for (let i = 0; i < 1000; i++) stage.port.send(link, new Uint8Array(65_536));
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_SEND_QUEUE');
  });

  scene('the peer breaks the framing', async (stage) => {
    const { link, peer } = await midBlock(stage);
    peer.send(pieceOf(wanted(1)[0]!).subarray(9000), rawLength(2 ** 32 - 1, 20), HAVE);
    const end = await stage.recorder.end(link);
    assert.equal(end.code, 'ERR_WIRE_LENGTH');
    assert.deepEqual(stage.recorder.messages, []);
    assert.equal(stage.recorder.heard.length, 2, 'what came before it counts');
  });

  scene('a link that was closed from inside a message tells nothing more', async (stage) => {
    const { link, peer } = await stage.greeted(await meet(stage));
    stage.recorder.onMessage = (heard) => stage.port.close(heard);
    peer.send(HAVE, HAVE, HAVE);
    await stage.recorder.end(link);
    assert.equal(stage.recorder.messages.length, 1);
  });
}

/** Whether something that was heard is the return of the k-th block. */
function isReturned(k: number): (block: HeardBlock) => boolean {
  return ({ begin, outcome }) => begin === k * BLOCK_BYTES && outcome === 'returned';
}

function describeReentrancy(scene: Describe): void {
  scene('blocks are requested and revoked from inside a batch', async (stage) => {
    const { link, peer } = await stage.greeted(await stage.dialled());
    const rounds = 60;
    const asked: Wanted[] = [];
    const free = [...Array(16).keys()];
    const ask = (): void => {
      const place = free.shift();
      if (asked.length === rounds || place === undefined) return;
      const block = { ...wanted(asked.length)[0]!, place };
      asked.push(block);
      stage.request(link, [block]);
    };
    stage.recorder.onBlock = ({ outcome, begin }) => {
      if (outcome === 'wasted') return;
      const k = begin / BLOCK_BYTES;
      if (outcome === 'landed') stage.assertInPlace(asked[k]!);
      free.push(asked[k]!.place);
      free.sort((a, b) => a - b);
      // Often the next one's place is under the overhang of a destination, and often it is too late.
      if (k % 3 === 1) stage.port.revoke(link, 3, begin + BLOCK_BYTES, false);
      ask();
      ask();
    };
    for (let i = 0; i < 4; i++) ask();
    for (let k = 0; k < rounds; k++) {
      assert.deepEqual(await peer.receive(17), rawRange(REQUEST, wanted(k)[0]!));
      // Some are in time for certain: no block comes before they have been returned, only what moves the destination.
      while (k % 6 === 2 && !stage.recorder.heard.some(isReturned(k))) {
        peer.send(rawLength(0));
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.send(pieceOf(wanted(k)[0]!));
    }
    const { heard } = stage.recorder;
    await stage.recorder.until(() => heard.filter(({ outcome }) => outcome !== 'wasted').length === rounds);
    assert.ok(heard.some(({ outcome }) => outcome === 'returned'));
  });

  scene('what is asked of a link from inside its end is forgotten', async (stage) => {
    const links = [await stage.greeted(await stage.dialled()), await stage.greeted(await stage.dialled())];
    const [a, b] = links.map(({ link }) => link) as [LinkId, LinkId];
    const places = new Map([
      [a, wanted(0)[0]!],
      [b, wanted(1)[0]!],
    ]);
    for (const [link, block] of places) stage.request(link, [block]);
    // Whichever ends first has the other one's block revoked; the answer to that comes with the other one's end.
    stage.recorder.onClosed = (link) => {
      const other = link === a ? b : a;
      const block = places.get(other)!;
      if (!stage.recorder.ends.has(other)) stage.port.revoke(other, block.piece, block.begin, false);
    };
    stage.recorder.onBlock = ({ link, outcome }) => {
      if (outcome === 'returned') stage.request(link, [places.get(link)!]);
    };
    for (const { link } of links) stage.port.close(link);
    for (const { link } of links) await stage.recorder.end(link);
  });
}
