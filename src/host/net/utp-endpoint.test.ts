// uTP over real UDP sockets on loopback: who is answered, and that everything is let go of.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { UdpHost } from './udp-host.ts';
import { UtpEndpoint } from './utp-endpoint.ts';
import type { UtpSocket } from './utp-socket.ts';

const TIMEOUT = { timeout: 20_000 };

async function endpoint() {
  const udp = new UdpHost();
  const utp = new UtpEndpoint(udp);
  const address = await udp.open('127.0.0.1', 0);
  const close = async (): Promise<void> => {
    await utp.close();
    await udp.close();
  };
  return { utp, address, close };
}

test('bytes go both ways, and a goodbye arrives', TIMEOUT, async () => {
  const [a, b] = await Promise.all([endpoint(), endpoint()]);
  const came = new Promise<UtpSocket>((resolve) => {
    b.utp.onIncoming = (socket) => {
      const heard: number[] = [];
      socket.onPayload = (packet, from, to) => {
        heard.push(...packet.subarray(from, to));
        if (heard.length === 5) socket.write(Uint8Array.from(heard.reverse()));
      };
      resolve(socket);
    };
  });
  const dialled = a.utp.connect(b.address);
  const answer = new Promise<number[]>((resolve) => {
    dialled.onPayload = (packet, from, to) => resolve([...packet.subarray(from, to)]);
  });
  await once(dialled, 'connect');
  dialled.write(Uint8Array.of(1, 2, 3, 4, 5));
  const accepted = await came;
  assert.deepEqual(await answer, [5, 4, 3, 2, 1]);
  const ended = once(accepted, 'end');
  dialled.destroy();
  await once(dialled, 'close');
  await ended;
  await Promise.all([a.close(), b.close()]);
});

test('who does not listen does not answer strangers', TIMEOUT, async () => {
  const [a, b] = await Promise.all([endpoint(), endpoint()]);
  const dialled = a.utp.connect(b.address);
  let answered = false;
  dialled.on('connect', () => {
    answered = true;
  });
  // Another one, who listens, is reached meanwhile, by packets sent later.
  const c = await endpoint();
  c.utp.onIncoming = () => undefined;
  await once(a.utp.connect(c.address), 'connect');
  assert.equal(answered, false);
  await Promise.all([a.close(), b.close(), c.close()]);
});
