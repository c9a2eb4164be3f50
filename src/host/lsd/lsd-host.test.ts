// Two clients on this machine's loopback hear each other, and nobody hears himself.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { LSD_GROUPS } from '../../protocol/lsd/lsd-message.ts';
import { LsdHost } from './lsd-host.ts';

const HASH = new Uint8Array(20).fill(7);

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

interface Heard {
  readonly host: string;
  readonly port: number;
  readonly infoHash: Uint8Array;
}

/** A host, and what it hears: the first of it can be waited for. */
async function listener(t: TestContext, port: number) {
  const host = new LsdHost({ host: '127.0.0.1', port });
  const heard: Heard[] = [];
  let first: (heard: Heard) => void = () => undefined;
  const one = new Promise<Heard>((resolve) => {
    first = resolve;
  });
  host.start({
    neighbour: (address, infoHash) => {
      heard.push({ ...address, infoHash });
      first(heard[0]!);
    },
  });
  assert.ok(await host.open(), 'loopback has multicast');
  t.after(() => host.close());
  return { host, heard, one };
}

test('a neighbour is heard with the address that it speaks from, and its own words are not', async (t) => {
  const port = await freePort();
  const [one, two] = [await listener(t, port), await listener(t, port)];
  one.host.announce(6881, [HASH]);
  const heard = await two.one;
  assert.deepEqual([heard.host, heard.port, heard.infoHash[0]], ['127.0.0.1', 6881, 7]);
  two.host.announce(6882, [HASH, HASH]);
  await one.one;
  assert.ok(one.heard.every((words) => words.port === 6882));
});

test('nonsense is not heard, and closing twice does no harm', async (t) => {
  const port = await freePort();
  const { host, heard, one } = await listener(t, port);
  const stranger = createSocket('udp4').bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  t.after(() => stranger.close());
  stranger.setMulticastInterface('127.0.0.1');
  const say = (text: string): void => stranger.send(text, port, LSD_GROUPS[4]);
  say('nonsense');
  say(`BT-SEARCH * HTTP/1.1\r\nPort: 9\r\nInfohash: ${'07'.repeat(20)}\r\n\r\n`);
  await one;
  assert.deepEqual(
    heard.map((words) => words.port),
    [9],
  );
  await host.close();
  await host.close();
  host.announce(1, [HASH]);
});
