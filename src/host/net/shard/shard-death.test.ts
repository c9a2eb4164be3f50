// What only threads can do: die, fall behind, and be waited for.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { LinkId } from '../../../engine/ports.ts';
import { type PeerMaker, PeerStage, STAGE_INFO_HASH, wanted } from '../../../testing/peers/peer-stage.ts';
import { RawConnection } from '../../../testing/peers/raw-peer.ts';
import { rawMessage, rawPiece } from '../../../testing/wire/raw-messages.ts';
import { SHARD_RESTARTS_MAX } from '../../limits.ts';
import { ShardedHost } from './sharded-host.ts';

// Each takes a second; a machine that is busy with all the other tests may stand still for many.
const TIMEOUT = { timeout: 60_000 };
const HAVE = rawMessage(4, [0, 0, 0, 9]);

interface Connection {
  readonly link: LinkId;
  readonly peer: RawConnection;
}

interface Ground {
  readonly stage: PeerStage;
  readonly host: ShardedHost;
  readonly deaths: string[];
}

async function play(threads: number, scene: (ground: Ground) => Promise<void>): Promise<void> {
  const deaths: string[] = [];
  let host: ShardedHost | undefined;
  const make: PeerMaker = (arena, sink) => {
    const port = new ShardedHost({ arena, threads, onShardDeath: (reason) => deaths.push(reason) });
    host = port;
    port.start(sink);
    return {
      port,
      listen: (address, portNumber) => port.listen(address, portNumber),
      shutdown: () => port.shutdown(),
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };
  await PeerStage.play(make, (stage) => scene({ stage, host: host!, deaths }));
}

/** Asks two links for a block in the same place, which the engine never does; the thread of the second one fails. */
async function kill({ stage }: Ground, first: Connection, second: Connection): Promise<void> {
  stage.request(first.link, wanted(3));
  stage.request(second.link, wanted(4));
  await first.peer.receive(17);
  stage.request(second.link, wanted(3));
  assert.equal((await stage.recorder.end(second.link)).code, 'ERR_LINK_SHARD');
}

test(
  'two threads that are given the same place: one dies, with its links alone, and its places are free',
  TIMEOUT,
  () =>
    play(2, async (ground) => {
      const { stage, deaths } = ground;
      const survivor = await stage.greeted(await stage.dialled());
      const victim = await stage.greeted(await stage.dialled());
      await kill(ground, survivor, victim);
      assert.match(deaths[0]!, /a place has one owner/);
      victim.peer.socket.end();
      await victim.peer.closed();
      const blocks = wanted(3, 4);
      stage.request(survivor.link, blocks.slice(1));
      await survivor.peer.receive(17);
      for (const block of blocks) {
        survivor.peer.send(rawPiece(block.piece, block.begin, new Uint8Array(block.length).fill(7)));
      }
      await stage.recorder.blocksHeard(2);
      assert.deepEqual(
        stage.recorder.heard.map(({ link, outcome }) => [link, outcome]),
        [
          [survivor.link, 'landed'],
          [survivor.link, 'landed'],
        ],
      );
      assert.ok(!stage.recorder.ends.has(survivor.link));
      // The next dial goes to the thread with the fewest links: the successor.
      await stage.greeted(await stage.dialled());
      assert.equal(deaths.length, 1);
    }),
);

test(
  'a place that was given back while a socket of the dead thread could still write there is free, too',
  TIMEOUT,
  () =>
    play(2, async (ground) => {
      const { stage, host, deaths } = ground;
      const survivor = await stage.greeted(await stage.dialled());
      const victim = await stage.greeted(await stage.dialled());
      const [begun, revoked] = wanted(6, 7);
      stage.request(victim.link, [begun!, revoked!]);
      await victim.peer.receive(34);
      victim.peer.send(rawPiece(begun!.piece, begun!.begin, new Uint8Array(begun!.length)).subarray(0, 1000));
      // What began in a read that was there already is copied; the rest is read with the next header, for which the other place is.
      while (host.counters.copiedBytes === 0) await new Promise((resolve) => setImmediate(resolve));
      stage.port.revoke(victim.link, revoked!.piece, revoked!.begin, false);
      await kill(ground, survivor, victim);
      stage.request(survivor.link, [revoked!]);
      await survivor.peer.receive(17);
      survivor.peer.send(rawPiece(revoked!.piece, revoked!.begin, new Uint8Array(revoked!.length)));
      await stage.recorder.blocksHeard(1);
      assert.equal(deaths.length, 1);
    }),
);

test('the successor of the thread that listened listens there again, and numbers strangers on', TIMEOUT, () =>
  play(1, async (ground) => {
    const { stage, deaths } = ground;
    const address = await stage.listen();
    const strangers = [await stage.greeted(await stage.accepted()), await stage.greeted(await stage.accepted())];
    await kill(ground, strangers[0]!, strangers[1]!);
    assert.equal((await stage.recorder.end(strangers[0]!.link)).code, 'ERR_LINK_SHARD');
    assert.equal(deaths.length, 1);
    // Its port is bound again as soon as the thread has started; until then strangers are refused.
    let peer: RawConnection | undefined;
    while (peer === undefined) peer = await RawConnection.dial(address).catch(() => undefined);
    await stage.recorder.until(() => stage.recorder.strangers.length === 3);
    assert.deepEqual(
      stage.recorder.strangers.map(({ link }) => link),
      [1, 3, 5],
    );
  }),
);

test('a thread that dies again and again is not replaced for ever, and nobody waits for it', TIMEOUT, async () => {
  await play(1, async (ground) => {
    const { stage, host, deaths } = ground;
    for (let death = 0; death <= SHARD_RESTARTS_MAX; death++) {
      const links = [await stage.greeted(await stage.dialled()), await stage.greeted(await stage.dialled())];
      await kill(ground, links[0]!, links[1]!);
    }
    assert.equal(deaths.length, SHARD_RESTARTS_MAX + 1);
    const link = stage.newLink();
    stage.port.connect(link, stage.rawAddress, 1000, STAGE_INFO_HASH);
    assert.ok(!stage.recorder.ends.has(link), 'no call answers at once');
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_SHARD');
    await assert.rejects(host.listen('127.0.0.1', 0), /has died/);
    await stage.shutdown();
  });
});

test('an engine and a thread that are both behind wait for nothing but each other’s next turn', TIMEOUT, () =>
  play(1, async ({ stage, host }) => {
    const { link, peer } = await stage.greeted(await stage.dialled());
    const messages = 40_000;
    const still = new Int32Array(new SharedArrayBuffer(4));
    let readsWhenFull = 0;
    stage.recorder.onMessage = () => {
      if (readsWhenFull > 0) return;
      // The engine stands still until the thread does, too, because its ring is full; then it says more than fits.
      for (let before = -1; before !== host.counters.reads; ) {
        before = host.counters.reads;
        Atomics.wait(still, 0, 0, 50);
      }
      readsWhenFull = host.counters.reads;
      for (let i = 0; i < messages; i++) stage.port.limitMessages(link, 1000 + i);
      stage.port.send(link, HAVE);
    };
    const numbers = new Uint8Array(messages * HAVE.length);
    for (let i = 0; i < messages; i++) numbers.set(rawMessage(4, [0, 0, i >> 8, i & 255]), i * HAVE.length);
    peer.send(numbers);
    assert.deepEqual(await peer.receive(HAVE.length), HAVE);
    await stage.recorder.until(() => stage.recorder.messages.length === messages);
    assert.ok(readsWhenFull < host.counters.reads, 'the thread stopped reading while the engine did not listen');
    for (const [i, { payload }] of stage.recorder.messages.entries()) {
      assert.deepEqual([payload[2], payload[3]], [(i >> 8) & 255, i & 255]);
    }
  }),
);

test('shutting down does not wait for a thread that waits for us', TIMEOUT, () =>
  play(2, async ({ stage }) => {
    const { link, peer } = await stage.greeted(await stage.dialled());
    for (let i = 0; i < 40_000; i++) peer.send(HAVE);
    await stage.recorder.until(() => stage.recorder.messages.length > 0);
    await stage.shutdown();
    assert.equal((await stage.recorder.end(link)).code, 'ERR_LINK_CLOSED_HERE');
  }),
);
