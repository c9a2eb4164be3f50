// The way out, through proxies of every kind: what is the target's comes to the target's reader, to the byte, and what is wrong
// is told of whoever is to blame.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { Socks5Handshake } from '../../protocol/proxy/socks5-handshake.ts';
import { HttpProxy } from '../../testing/proxy/http-proxy.ts';
import { type Socks5Behaviour, Socks5Proxy } from '../../testing/proxy/socks5-proxy.ts';
import type { DirectRead } from './adopt-socket.ts';
import { Egress } from './egress.ts';
import { ProxyConversation } from './proxy-conversation.ts';
import { parseProxyUrl } from './proxy-settings.ts';

/** A server that sends a greeting and then whatever it hears. */
async function echo(t: TestContext): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('hello ');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function proxyOf(t: TestContext, kind: string, behaviour: Socks5Behaviour) {
  const proxy = kind === 'SOCKS5' ? await Socks5Proxy.start(behaviour) : await HttpProxy.start(behaviour);
  t.after(() => proxy.stop());
  return { proxy, egress: new Egress({ proxy: parseProxyUrl(proxy.url) }) };
}

/** Opens a connection, and says what became of it. */
function open(egress: Egress, host: string, port: number, onread?: DirectRead): Promise<Socket> {
  return new Promise((opened, failed) => egress.connect({ host, port, onread, opened, failed }));
}

/** A reader of its own places, as a link has. */
function reader(wanted: number) {
  const bytes = Buffer.alloc(wanted);
  let filled = 0;
  let done: () => void = () => undefined;
  const full = new Promise<void>((resolve) => {
    done = resolve;
  });
  const read: DirectRead = {
    buffer: () => bytes.subarray(filled, Math.max(filled + 1, Math.min(filled + 3, wanted))),
    callback: (count) => {
      filled += count;
      if (filled === wanted) done();
      return filled < wanted;
    },
  };
  return { read, full, text: () => bytes.toString() };
}

for (const kind of ['SOCKS5', 'HTTP']) {
  for (const drips of [false, true]) {
    test(`${kind}${drips ? ', byte by byte' : ''}: what the target says comes to its reader, from the first byte on`, async (t) => {
      const port = await echo(t);
      // Some of the target's words come in the very packet of the proxy's last ones.
      const { egress } = await proxyOf(t, kind, { joins: Buffer.from('early '), drips });
      const { read, full, text } = reader('early hello there'.length);
      const direct = await open(egress, '127.0.0.1', port, read);
      direct.write('there');
      await full;
      assert.equal(text(), 'early hello there');
      direct.destroy();
      const chunked = await open(egress, '127.0.0.1', port);
      chunked.write('there');
      let heard = '';
      for await (const chunk of chunked) {
        heard += String(chunk);
        if (heard.length >= 'early hello there'.length) break;
      }
      assert.equal(heard, 'early hello there');
    });
  }

  for (const [what, behaviour, code] of [
    ['hangs up at once', { hangsUp: 'at-once' }, /^(ERR_PROXY_REPLY|ECONNRESET)$/],
    ['hangs up when it is asked', { hangsUp: 'when-asked' }, /^ECONNRESET$/],
    ['says nonsense', { nonsense: Buffer.from('nonsense, and a lot of it\r\n\r\n') }, /^ERR_PROXY_REPLY$/],
    ['says nonsense byte by byte', { nonsense: Buffer.from('nonsense'), drips: true }, /^ERR_PROXY_REPLY$/],
    ['wants credentials', { credentials: { user: 'a', password: 'b' } }, /^ERR_PROXY_AUTH$/],
  ] as const) {
    test(`${kind}: a proxy that ${what}`, async (t) => {
      const { egress } = await proxyOf(t, kind, behaviour);
      await assert.rejects(open(egress, 'peer.test', 1), (error: NodeJS.ErrnoException) => code.test(error.code ?? ''));
      await assert.rejects(open(egress, 'peer.test', 1, reader(1).read), (error: NodeJS.ErrnoException) =>
        code.test(error.code ?? ''),
      );
    });
  }

  test(`${kind}: an attempt that is given up tells nothing more, and leaves no connection`, async (t) => {
    const { proxy, egress } = await proxyOf(t, kind, { silent: true });
    const told = (): never => assert.fail('nothing is told after destroy');
    const opening = egress.connect({ host: 'peer.test', port: 1, opened: told, failed: told });
    while (proxy.accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const closed = once(proxy.accepted[0]!.resume(), 'close');
    opening.destroy();
    await closed;
  });

  test(`${kind}: names that cannot be told are refused before the proxy is troubled`, async (t) => {
    const { proxy, egress } = await proxyOf(t, kind, {});
    for (const host of ['x'.repeat(300), 'a b', 'a\r\nb'])
      await assert.rejects(open(egress, host, 1), { code: 'ENOTFOUND' });
    assert.equal(proxy.accepted.length, 0);
  });
}

test('a proxy that takes its time to greet is down; one that takes it over the target is not', async (t) => {
  const proxy = await Socks5Proxy.start({ silent: true });
  t.after(() => proxy.stop());
  const error = await new Promise<Error>((resolve) => {
    new ProxyConversation({
      open: () => connect(proxy.port, '127.0.0.1'),
      handshake: new Socks5Handshake({ command: 'connect', target: { host: 'peer.test', port: 1 } }),
      name: 'socks5://slow:1',
      timeoutMs: 20,
      opened: () => assert.fail('it said nothing'),
      failed: resolve,
    });
  });
  assert.equal((error as NodeJS.ErrnoException).code, 'ERR_PROXY_CONNECT');
  assert.match(error.message, /^the proxy socks5:\/\/slow:1 does not answer$/);
});

test('what is bound to an address that is not there goes nowhere', async () => {
  const egress = new Egress({ bind: '192.0.2.77' });
  await assert.rejects(open(egress, '127.0.0.1', 1), { code: 'ERR_BIND_ADDRESS' });
  await assert.rejects(open(new Egress({ bind: 'nothing0' }), 'localhost', 1), { code: 'ERR_BIND_ADDRESS' });
  const both = new Egress({ bind: 'nothing0', proxy: parseProxyUrl('socks5://127.0.0.1:1') });
  await assert.rejects(open(both, 'peer.test', 1), { code: 'ERR_BIND_ADDRESS' });
});

test('what is bound leaves from there, by names too', async (t) => {
  const port = await echo(t);
  const socket = await open(new Egress({ bind: '127.0.0.1' }), 'localhost', port);
  assert.equal(socket.localAddress, '127.0.0.1');
  socket.destroy();
});
