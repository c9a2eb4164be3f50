import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { DatagramRecorder, describeDatagramPort } from '../../testing/datagrams/datagram-port-conformance.ts';
import { Socks5Proxy } from '../../testing/proxy/socks5-proxy.ts';
import { DATAGRAM_QUEUE_BYTES, RELAY_PATIENCE_MS } from '../limits.ts';
import { UdpExchange } from '../tracker/udp-exchange.ts';
import { Egress } from './egress.ts';
import { parseProxyUrl } from './proxy-settings.ts';
import { openSocksRelay } from './socks-relay.ts';
import { UdpHost } from './udp-host.ts';

const TIMERS = { timeout: 60_000 };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describeDatagramPort('UdpHost', async () => {
  const [a, b] = [new UdpHost(), new UdpHost()];
  await Promise.all([a.open('127.0.0.1', 0), b.open('127.0.0.1', 0)]);
  return { a, b, until, close: async () => void (await Promise.all([a.close(), b.close()])) };
});

test('both families share one port, and IPv6 takes in no IPv4', { timeout: 10_000 }, async (context) => {
  const host = new UdpHost();
  try {
    const recorder = new DatagramRecorder();
    const port = host.attach('krpc', recorder);
    const bound = await host.open('0.0.0.0', 0);
    const six = await host.open('::', bound.port).catch((error: NodeJS.ErrnoException) => error.code);
    if (typeof six !== 'object') return context.skip(`no IPv6 here: ${six}`);
    assert.equal(six.port, bound.port);
    const packet = new TextEncoder().encode('de');
    port.send(packet, { host: '127.0.0.1', port: bound.port });
    port.send(packet, { host: '::1', port: bound.port });
    await until(() => recorder.heard.length === 2);
    assert.deepEqual(recorder.heard.map(({ from }) => from.host).sort(), ['127.0.0.1', '::1']);
  } finally {
    await host.close();
  }
});

test('what waits to leave is bounded, and whoever had to wait is told when it has left', {
  timeout: 10_000,
}, async () => {
  const [host, other] = [new UdpHost(), new UdpHost()];
  try {
    const recorder = new DatagramRecorder();
    const port = host.attach('krpc', recorder);
    await host.open('127.0.0.1', 0);
    const target = await other.open('127.0.0.1', 0);
    const packet = new Uint8Array(60_000).fill(0x64);
    // A full kernel queue makes packets wait; a fast kernel never lets it fill, and then nobody had to wait.
    let refused = 0;
    for (let sent = 0; sent < (DATAGRAM_QUEUE_BYTES * 4) / packet.length; sent++)
      if (!port.send(packet, target)) refused++;
    if (refused > 0) await until(() => recorder.drains > 0);
    assert.equal(port.send(packet, target), true);
  } finally {
    await Promise.all([host.close(), other.close()]);
  }
});

test('packets from where nobody can be answered are nobody’s', { timeout: 20_000 }, async (t) => {
  const proxy = await Socks5Proxy.start({ claimedPort: 0 });
  const [host, other] = [new UdpHost(new Egress({ proxy: parseProxyUrl(proxy.url) })), new UdpHost()];
  t.after(() => Promise.all([proxy.stop(), host.close(), other.close()]));
  const [near, far] = [new DatagramRecorder(), new DatagramRecorder()];
  const [port, farPort] = [host.attach('krpc', near), other.attach('krpc', far)];
  await host.openRelay(() => assert.fail('it has one'));
  const target = await other.open('127.0.0.1', 0);
  const packet = new TextEncoder().encode('de');
  port.send(packet, target);
  await until(() => far.heard.length === 1);
  farPort.send(packet, far.heard[0]!.from);
  await until(() => host.strayPackets === 1);
  delete proxy.behaviour.claimedPort;
  farPort.send(packet, far.heard[0]!.from);
  await until(() => near.heard.length === 1);
  assert.deepEqual(near.heard[0]!.from, target);
});

test('a relay that cannot be reached is no relay', { timeout: 20_000 }, async (t) => {
  const proxy = await Socks5Proxy.start({ relayHost: '255.255.255.255' });
  const egress = new Egress({ proxy: parseProxyUrl(proxy.url) });
  const host = new UdpHost(egress);
  t.after(() => Promise.all([proxy.stop(), host.close()]));
  await assert.rejects(
    openSocksRelay(egress, { packet: () => undefined, broken: () => undefined }, new AbortController().signal),
    {
      code: 'ERR_PROXY_CONNECT',
      message: /EACCES/,
    },
  );
  const port = host.attach('krpc', new DatagramRecorder());
  await host.openRelay(() => assert.fail('it has one'));
  assert.equal(port.local(4), undefined);
  assert.equal(port.send(new TextEncoder().encode('de'), { host: '192.0.2.1', port: 1 }), false);
});

test('whoever closes does not wait for a proxy that is silent, nor does whoever starts', TIMERS, async (t) => {
  const proxy = await Socks5Proxy.start({ silent: true });
  const egress = new Egress({ proxy: parseProxyUrl(proxy.url) });
  const host = new UdpHost(egress);
  const exchange = new UdpExchange(4, egress);
  t.after(() => Promise.all([proxy.stop(), host.close(), exchange.close()]));
  // No time passes but what is said here, so that nothing ends because it took too long.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const started = host.openRelay(() => assert.fail('it did not say so'));
  const target = { family: 4, address: '192.0.2.1', port: 1 } as const;
  const question = { target, packet: new Uint8Array(16), transactionId: 1, timeoutMs: 15_000 };
  const asking = new AbortController();
  const asked = assert.rejects(exchange.ask(question, asking.signal), /given up/);
  await until(() => proxy.accepted.length === 2);
  const hungUp = proxy.accepted.map((socket) => once(socket.resume(), 'close'));
  t.mock.timers.tick(RELAY_PATIENCE_MS);
  await started;
  asking.abort(new Error('given up'));
  await asked;
  await Promise.all([host.close(), exchange.close(), ...hungUp]);
});

test('a proxy that is down at first and has no relay then says so, once', TIMERS, async (t) => {
  const proxy = await Socks5Proxy.start({ tcpOnly: true });
  await proxy.stop();
  const host = new UdpHost(new Egress({ proxy: parseProxyUrl(proxy.url) }));
  t.after(() => Promise.all([proxy.stop(), host.close()]));
  const told: (string | undefined)[] = [];
  await host.openRelay((error) => told.push((error as NodeJS.ErrnoException).code));
  assert.deepEqual(told, []);
  await proxy.listen();
  await until(() => told.length > 0);
  assert.deepEqual(told, ['ERR_PROXY_UDP']);
});

test('closed sockets send nothing, and closing twice is closing once', { timeout: 10_000 }, async () => {
  const host = new UdpHost();
  const port = host.attach('krpc', new DatagramRecorder());
  const bound = await host.open('127.0.0.1', 0);
  await host.close();
  await host.close();
  assert.equal(port.send(Uint8Array.of(0x64), bound), false);
  assert.equal(port.local(4), undefined);
});

test('an address that is taken rejects with the reason of the system', { timeout: 10_000 }, async () => {
  const [host, other] = [new UdpHost(), new UdpHost()];
  try {
    const bound = await host.open('127.0.0.1', 0);
    await assert.rejects(other.open(bound.host, bound.port), { code: 'EADDRINUSE' });
  } finally {
    await host.close();
  }
});
