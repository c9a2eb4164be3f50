// TCP in threads and uTP on the engine's thread are one host: over either it is held to the word that every host is held to.
// And what is only to be found where there are two: a dial that goes on over the other one, a place that passes between them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import test from 'node:test';
import type { DatagramPorts } from '../../../engine/datagram-port.ts';
import type { LinkId, PeerAddress } from '../../../engine/ports.ts';
import { BLOCK_BYTES } from '../../../engine/torrent/geometry.ts';
import { describePeerPort } from '../../../testing/peers/peer-port-conformance.ts';
import { bytesOf, type PeerMaker, PeerStage, STAGE_INFO_HASH, wanted } from '../../../testing/peers/peer-stage.ts';
import { RawConnection } from '../../../testing/peers/raw-peer.ts';
import { UtpGateway } from '../../../testing/utp/utp-gateway.ts';
import { utpMaker } from '../../../testing/utp/utp-maker.ts';
import { rawHandshake, rawPiece } from '../../../testing/wire/raw-messages.ts';
import type { Arena } from '../../memory/arena.ts';
import type { EncryptionMode } from '../encryption.ts';
import { LinkHost } from '../link-host.ts';
import { ShardedHost } from '../shard/sharded-host.ts';
import type { UtpMode } from '../transports.ts';
import { UdpHost } from '../udp-host.ts';
import { JointHost } from './joint-host.ts';

const TIMEOUT = { timeout: 60_000 };
const TIMEOUT_MS = 60_000;

interface Manners {
  readonly mode?: UtpMode;
  readonly encryption?: EncryptionMode;
}

function jointHost(arena: Arena, datagrams: DatagramPorts, { mode = 'on', encryption = 'off' }: Manners): JointHost {
  const tcp = new ShardedHost({ arena, threads: 2, encryption });
  const utp = new LinkHost({ arena, encryption, utp: 'on', datagrams, sharing: tcp.sharing });
  return new JointHost({ tcp, utp, mode });
}

function jointMaker(manners: Manners): PeerMaker {
  return async (arena, sink) => {
    const datagrams = new UdpHost();
    const port = jointHost(arena, datagrams, manners);
    await datagrams.open('127.0.0.1', 0);
    port.start(sink);
    port.share(STAGE_INFO_HASH);
    return {
      encrypted: manners.encryption === 'require',
      port,
      listen: (host, portNumber) => port.listen(host, portNumber),
      shutdown: async () => {
        await port.shutdown();
        await datagrams.close();
      },
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };
}

describePeerPort('JointHost over TCP', jointMaker({}), { copiesAccepted: false });
describePeerPort('encrypted JointHost over TCP', jointMaker({ encryption: 'require' }), { copiesAccepted: false });
describePeerPort(
  'JointHost over uTP',
  utpMaker((arena, datagrams) => jointHost(arena, datagrams, {}), false),
  { copiesAccepted: true, datagrams: true },
);

/** A link that connects over TCP and is closed. Links take turns with the threads. */
async function overTcp(stage: PeerStage): Promise<LinkId> {
  const { port, recorder } = stage;
  const link = stage.newLink();
  port.connect(link, { ...stage.rawAddress, via: 'tcp' }, TIMEOUT_MS, STAGE_INFO_HASH);
  await stage.acceptRaw();
  await recorder.until(() => recorder.connectedLinks.includes(link));
  port.close(link);
  await recorder.end(link);
  return link;
}

/** A gateway, and a TCP server of the same port: a peer that can be met over both. */
async function bothWays(onTcp: (server: Server) => void): Promise<{ gateway: UtpGateway; server: Server }> {
  for (;;) {
    const gateway = await UtpGateway.open();
    const server = createServer();
    onTcp(server);
    server.listen(gateway.utpAddress.port, '127.0.0.1');
    // Somebody else may have that port over TCP.
    const listening = await once(server, 'listening').catch(() => undefined);
    if (listening !== undefined) return { gateway, server };
    await gateway.close();
  }
}

test('who takes TCP connections and hangs up on every word is reached over uTP, once', TIMEOUT, async (t) => {
  let hungUp = 0;
  const { gateway, server } = await bothWays((tcp) => {
    tcp.on('connection', (socket) => {
      socket.on('error', () => undefined).once('data', () => socket.destroy());
      socket.once('close', () => hungUp++);
    });
  });
  t.after(() => Promise.all([gateway.close(), new Promise((resolve) => server.close(resolve))]));
  await PeerStage.play(jointMaker({}), async (stage) => {
    const { port, recorder, arena } = stage;
    gateway.inside = stage.rawAddress;
    // On a busy machine a thread takes longer to begin than TCP's head start is.
    const known = [await overTcp(stage), await overTcp(stage)];
    const link = stage.newLink();
    port.connect(link, gateway.utpAddress, TIMEOUT_MS, STAGE_INFO_HASH);
    port.send(link, rawHandshake(1));
    // Not before the handshake: what was asked for would be in two hands.
    stage.request(link, wanted(2));
    const peer = await stage.acceptRaw();
    assert.deepEqual(await peer.receive(68), rawHandshake(1), 'it is said again');
    assert.equal(hungUp, 1);
    await stage.greeted({ link, peer });
    assert.deepEqual(recorder.connectedLinks, [...known, link]);
    await peer.receive(17);
    peer.send(rawPiece(3, 2 * BLOCK_BYTES, bytesOf(wanted(2)[0]!)));
    await recorder.blocksHeard(1);
    assert.equal(Buffer.compare(arena.frames.slice(2, BLOCK_BYTES), bytesOf(wanted(2)[0]!)), 0);
    // What worked is what is tried first the next time.
    port.close(link);
    await recorder.end(link);
    const again = stage.newLink();
    port.connect(again, gateway.utpAddress, TIMEOUT_MS, STAGE_INFO_HASH);
    await recorder.until(() => recorder.connectedLinks.includes(again));
    assert.equal(hungUp, 1);
  });
});

test('preferred uTP that nobody answers makes way for TCP', TIMEOUT, () =>
  PeerStage.play(jointMaker({ mode: 'prefer' }), async (stage) => {
    const { link } = await stage.greeted(await stage.dialled());
    assert.deepEqual(stage.recorder.connectedLinks, [link]);
  }),
);

test('a place goes from a link over TCP to one over uTP and back', TIMEOUT, async (t) => {
  const gateway = await UtpGateway.open();
  t.after(() => gateway.close());
  await PeerStage.play(jointMaker({}), async (stage) => {
    gateway.inside = stage.rawAddress;
    const dialled = async (target: PeerAddress, via: 'tcp' | 'utp') => {
      const link = stage.newLink();
      stage.port.connect(link, { ...target, via }, TIMEOUT_MS, STAGE_INFO_HASH);
      stage.port.send(link, rawHandshake(1));
      const peer: RawConnection = await stage.acceptRaw();
      await peer.receive(68);
      return await stage.greeted({ link, peer });
    };
    const links = [await dialled(stage.rawAddress, 'tcp'), await dialled(gateway.utpAddress, 'utp')];
    for (const [k, block] of wanted(...Array(8).keys()).entries()) {
      const { link, peer } = links[k % 2]!;
      const here = { ...block, place: 1 };
      stage.request(link, [here]);
      await peer.receive(17);
      peer.send(rawPiece(here.piece, here.begin, bytesOf(here)));
      await stage.recorder.blocksHeard(k + 1);
      stage.assertInPlace(here);
    }
    const { placed, copied } = stage.subject.receivedBytes();
    assert.equal(placed + copied, 8 * BLOCK_BYTES);
    assert.ok(copied >= 4 * BLOCK_BYTES && placed >= 3 * BLOCK_BYTES, `${placed} placed, ${copied} copied`);
  });
});

test('strangers over TCP and over uTP have numbers of their own', TIMEOUT, async (t) => {
  const gateway = await UtpGateway.open();
  t.after(() => gateway.close());
  const datagrams = new UdpHost();
  t.after(() => datagrams.close());
  const make: PeerMaker = async (arena, sink) => {
    const port = jointHost(arena, datagrams, {});
    port.start(sink);
    return {
      port,
      listen: (host, portNumber) => port.listen(host, portNumber),
      shutdown: () => port.shutdown(),
      receivedBytes: () => ({ placed: 0, copied: 0 }),
    };
  };
  const bound = await datagrams.open('127.0.0.1', 0);
  await PeerStage.play(make, async (stage) => {
    const { recorder } = stage;
    await stage.greeted(await stage.accepted());
    const server = await gateway.lead(bound);
    const peer = await RawConnection.dial(server);
    peer.send(rawHandshake());
    await recorder.until(() => recorder.handshakes.size === 2);
    const links = recorder.strangers.map(({ link }) => link);
    assert.equal(new Set(links).size, 2);
    assert.ok(links.every((link) => link % 2 === 1));
  });
});
