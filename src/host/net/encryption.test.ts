// Which way links are opened: plainly, encrypted, first one and then the other, and who is refused. Raw peers play those who
// will not hear of one of the two.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { PeerAddress } from '../../engine/ports.ts';
import { decodeHandshake } from '../../protocol/wire/handshake.ts';
import { PeerStage, STAGE_INFO_HASH } from '../../testing/peers/peer-stage.ts';
import { RawConnection } from '../../testing/peers/raw-peer.ts';
import { rawHandshake } from '../../testing/wire/raw-messages.ts';
import { dialEncrypted, listenEncrypted, RawKeys } from '../../testing/wire/raw-mse.ts';
import { NEGOTIATION_TIMEOUT_MS, ROUTES_MAX } from '../limits.ts';
import { Encryption, type EncryptionMode } from './encryption.ts';
import { LinkHost } from './link-host.ts';
import { mseNodeCrypto } from './mse-node-crypto.ts';

const CONNECT_TIMEOUT_MS = 5000;
const TIMEOUT = { timeout: 10_000 };
const GREETING = rawHandshake();

interface Scene {
  readonly stage: PeerStage;
  readonly host: LinkHost;
}

/** A host in this mode, whose engine greets at once; whether raw peers encrypt is up to the scene. */
async function play(mode: EncryptionMode, scene: (parts: Scene) => Promise<void>): Promise<void> {
  let host: LinkHost | undefined;
  const make = (arena: ConstructorParameters<typeof LinkHost>[0]['arena'], sink: Parameters<LinkHost['start']>[0]) => {
    const port = new LinkHost({ arena, encryption: mode });
    host = port;
    port.start(sink);
    port.share(STAGE_INFO_HASH);
    return {
      port,
      listen: (address: string, portNumber: number) => port.listen(address, portNumber),
      shutdown: () => port.shutdown(),
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };
  await PeerStage.play(make, async (stage) => {
    stage.recorder.onConnected = (link) => stage.port.send(link, GREETING);
    await scene({ stage, host: host! });
  });
}

function dial({ stage }: Scene): number {
  const link = stage.newLink();
  stage.port.connect(link, stage.rawAddress, CONNECT_TIMEOUT_MS, STAGE_INFO_HASH);
  return link;
}

/** The stranger has been told to the engine; returns its link. */
async function stranger({ stage }: Scene, peer: RawConnection): Promise<number> {
  await stage.recorder.until(() =>
    stage.recorder.strangers.some(({ address }) => address.port === peer.socket.localPort),
  );
  return stage.recorder.strangers.find(({ address }) => address.port === peer.socket.localPort)!.link;
}

/** Both have greeted, and the host knows how they speak. */
async function greets(scene: Scene, link: number, peer: RawConnection, encrypted: boolean): Promise<void> {
  assert.deepEqual(await peer.receive(GREETING.length), GREETING, 'what the engine said first is not lost');
  peer.send(GREETING);
  await scene.stage.recorder.until(() => scene.stage.recorder.handshakes.has(link));
  assert.equal(scene.host.encrypted(link), encrypted);
}

test(
  'prefer: who hangs up on an encrypted handshake is spoken to plainly, and plainly first from then on',
  TIMEOUT,
  () =>
    play('prefer', async (scene) => {
      const { stage } = scene;
      const link = dial(scene);
      const first = await stage.acceptRaw();
      assert.notDeepEqual((await first.receive(96)).subarray(0, 20), GREETING.subarray(0, 20));
      first.socket.destroy();
      await greets(scene, link, await stage.acceptRaw(), false);
      assert.deepEqual(stage.recorder.connectedLinks, [link], 'to the engine it is one connection');
      const again = dial(scene);
      await greets(scene, again, await stage.acceptRaw(), false);
    }),
);

test('allow: who hangs up on a plain handshake is dialled encrypted, and so at once from then on', TIMEOUT, () =>
  play('allow', async (scene) => {
    const { stage } = scene;
    const link = dial(scene);
    const first = await stage.acceptRaw();
    assert.deepEqual(await first.receive(GREETING.length), GREETING);
    first.socket.destroy();
    const second = await stage.acceptRaw();
    await listenEncrypted(second, STAGE_INFO_HASH);
    await greets(scene, link, second, true);
    assert.deepEqual(stage.recorder.connectedLinks, [link]);
    const again = dial(scene);
    const third = await stage.acceptRaw();
    await listenEncrypted(third, STAGE_INFO_HASH);
    await greets(scene, again, third, true);
  }),
);

test('each way is tried once: then the link has ended', TIMEOUT, async () => {
  for (const [mode, ways] of [
    ['prefer', 2],
    ['allow', 2],
    ['require', 1],
    ['off', 1],
  ] as const) {
    await play(mode, async (scene) => {
      const link = dial(scene);
      for (let way = 0; way < ways; way++) {
        const peer = await scene.stage.acceptRaw();
        await peer.receive(GREETING.length);
        peer.socket.destroy();
      }
      await scene.stage.recorder.end(link);
    });
  }
});

test('a link that we close is not dialled another way', TIMEOUT, () =>
  play('prefer', async (scene) => {
    const link = dial(scene);
    await (await scene.stage.acceptRaw()).receive(96);
    scene.stage.port.close(link);
    assert.equal((await scene.stage.recorder.end(link)).code, 'ERR_LINK_CLOSED_HERE');
  }),
);

test('require: a stranger who speaks plainly is refused, one who encrypts is heard', TIMEOUT, () =>
  play('require', async (scene) => {
    const { stage } = scene;
    const plain = await RawConnection.dial(await stage.listen());
    plain.send(GREETING);
    const link = await stranger(scene, plain);
    assert.equal((await stage.recorder.end(link)).code, 'ERR_MSE_REQUIRED');
    assert.ok(!stage.recorder.handshakes.has(link));
    const sealed = await RawConnection.dial(await stage.listen());
    await dialEncrypted(sealed, STAGE_INFO_HASH);
    sealed.send(GREETING);
    const heard = await stranger(scene, sealed);
    await stage.recorder.until(() => stage.recorder.handshakes.has(heard));
    assert.ok(scene.host.encrypted(heard));
  }),
);

test('off: a stranger who encrypts is refused, one who speaks plainly is heard', TIMEOUT, () =>
  play('off', async (scene) => {
    const { stage } = scene;
    const sealed = await RawConnection.dial(await stage.listen());
    sealed.send(new RawKeys().publicKey.subarray(0, GREETING.length));
    const refused = await stranger(scene, sealed);
    await stage.recorder.until(() => stage.recorder.handshakes.has(refused));
    const words = stage.recorder.handshakes.get(refused)!;
    assert.throws(() => decodeHandshake(words), { code: 'ERR_WIRE_HANDSHAKE' }, 'the engine is shown what it refuses');
    const plain = await RawConnection.dial(await stage.listen());
    plain.send(GREETING);
    const heard = await stranger(scene, plain);
    await stage.recorder.until(() => stage.recorder.handshakes.has(heard));
    assert.ok(!scene.host.encrypted(heard));
  }),
);

test('who drips an encrypted handshake, or a plain one, has so long and no longer', TIMEOUT, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await play('allow', async (scene) => {
    const { stage } = scene;
    for (const words of [new RawKeys().publicKey, GREETING]) {
      const peer = await RawConnection.dial(await stage.listen());
      const link = await stranger(scene, peer);
      peer.send(words.subarray(0, 10));
      t.mock.timers.tick(NEGOTIATION_TIMEOUT_MS - 1);
      peer.send(words.subarray(10, 11));
      assert.ok(!stage.recorder.ends.has(link));
      t.mock.timers.tick(1);
      assert.equal((await stage.recorder.end(link)).code, 'ERR_MSE_TIMEOUT');
    }
  });
});

test('prefer: who does not answer an encrypted handshake in time is spoken to plainly', TIMEOUT, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await play('prefer', async (scene) => {
    const link = dial(scene);
    await (await scene.stage.acceptRaw()).receive(96);
    t.mock.timers.tick(NEGOTIATION_TIMEOUT_MS);
    await greets(scene, link, await scene.stage.acceptRaw(), false);
  });
});

test('what worked is remembered for so many addresses, and the oldest is forgotten', () => {
  const { routes } = new Encryption('prefer', mseNodeCrypto);
  const at = (port: number): PeerAddress => ({ host: '192.0.2.1', port });
  for (let port = 1; port <= ROUTES_MAX; port++) routes.worked(at(port), 'plain');
  routes.worked(at(1), 'plain');
  routes.worked(at(ROUTES_MAX + 1), 'plain');
  assert.deepEqual(routes.to(at(1)), ['plain', 'encrypted'], 'one that worked again is not the oldest');
  assert.deepEqual(routes.to(at(2)), ['encrypted', 'plain']);
  assert.deepEqual(routes.to(at(3)), ['plain', 'encrypted']);
});
