// Gateways over real sockets, at loopback addresses of their own: one that works, and those that mean harm.
import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { describe, type TestContext, test } from 'node:test';
import type { Gateway, GatewaySink } from '../../engine/portmap/gateway-port.ts';
import { XML_BYTES_MAX } from '../../protocol/limits.ts';
import type { GatewayService } from '../../protocol/portmap/gateway-description.ts';
import type { SoapAnswer } from '../../protocol/portmap/soap-message.ts';
import { NatHost } from './nat-host.ts';

const HERE = '127.0.0.1';
const TYPE = 'urn:schemas-upnp-org:service:WANIPConnection:1';
const DESCRIPTION = `<root><device><serviceList><service><serviceType>${TYPE}</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></root>`;
const PATIENT = { timeout: 60_000 };
let routers = 0;

/** A router with an address of its own. */
class Router {
  readonly host: string;
  readonly requests: string[] = [];
  /** What an HTTP connection gets once it has asked. */
  answer: (socket: TcpSocket, request: string) => void = (socket, request) => {
    const body = request.startsWith('GET')
      ? DESCRIPTION
      : soap(
          '<u:GetExternalIPAddressResponse><NewExternalIPAddress>198.51.100.7</NewExternalIPAddress></u:GetExternalIPAddressResponse>',
        );
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  };
  /** The URL that it tells; `undefined`: it is silent. */
  location: string | undefined;
  readonly #http: Server = createServer((socket) => this.#serve(socket));
  readonly #ssdp: Socket = createSocket('udp4');
  readonly #open = new Set<TcpSocket>();
  #closed = false;

  private constructor() {
    // Tests run side by side, and in several processes.
    this.host = `127.${1 + (process.pid % 200)}.${1 + ((process.pid >> 8) % 250)}.${++routers}`;
  }

  static async open(t: TestContext): Promise<Router> {
    const router = new Router();
    router.#http.listen(0, router.host);
    router.#ssdp.bind(1900, router.host);
    await Promise.all([once(router.#http, 'listening'), once(router.#ssdp, 'listening')]);
    router.location = `http://${router.host}:${router.port}/desc/root.xml`;
    router.#ssdp.on('message', (_question, from) => router.tell(from));
    t.after(() => router.close());
    return router;
  }

  get port(): number {
    return (this.#http.address() as { port: number }).port;
  }

  /** Answers a search, wherever the question went. */
  tell({ address, port }: Pick<RemoteInfo, 'address' | 'port'>): void {
    if (this.location === undefined) return;
    const device = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';
    this.#ssdp.send(`HTTP/1.1 200 OK\r\nST: ${device}\r\nLOCATION: ${this.location}\r\n\r\n`, port, address);
  }

  /** Lets another one answer what this one is asked. */
  delegate(stranger: Router): void {
    this.#ssdp.removeAllListeners('message');
    this.#ssdp.on('message', (_question, from) => stranger.tell(from));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of this.#open) socket.destroy();
    this.#http.close();
    this.#ssdp.close();
  }

  #serve(socket: TcpSocket): void {
    this.#open.add(socket);
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (body === undefined || body.length < length) return;
      this.requests.push(text);
      this.answer(socket, text);
    });
  }
}

function soap(body: string): string {
  return `<s:Envelope xmlns:s="x"><s:Body>${body}</s:Body></s:Envelope>`;
}

interface Scene {
  readonly host: NatHost;
  readonly gateway: Gateway;
  readonly heard: { readonly packets: Uint8Array[]; unreachable: number; readonly announcers: Set<string> };
}

/** A host of which every router is a gateway, each by an interface of its own. */
async function scene(t: TestContext, ...routers: readonly Pick<Router, 'host'>[]): Promise<Scene> {
  const interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = {};
  routers.forEach((_, at) => {
    const address = `127.0.0.${at + 1}`;
    const network = { netmask: '255.0.0.0', mac: '', internal: false, cidr: `${address}/8` };
    interfaces[`test${at}`] = [{ address, family: 'IPv4', ...network }];
  });
  const host = new NatHost({
    listens: () => true,
    network: {
      routes: async () => routers.map(({ host }, at) => ({ family: 4, host, interfaceName: `test${at}`, metric: 0 })),
      interfaces: () => interfaces,
      ipv6Source: async () => undefined,
    },
  });
  t.after(() => host.close());
  const heard = { packets: [] as Uint8Array[], unreachable: 0, announcers: new Set<string>() };
  const gateways = await new Promise<readonly Gateway[]>((resolve) => {
    const sink: GatewaySink = {
      gateways: resolve,
      datagram: (_gateway, bytes) => heard.packets.push(bytes),
      unreachable: () => heard.unreachable++,
      announcement: (from) => heard.announcers.add(from),
    };
    host.start(sink);
  });
  return { host, gateway: gateways[0]!, heard };
}

function find({ host, gateway }: Scene): Promise<readonly GatewayService[]> {
  return new Promise((resolve) => host.find(gateway, resolve));
}

function call({ host, gateway }: Scene, service: GatewayService): Promise<SoapAnswer | undefined> {
  const command = { action: 'GetExternalIPAddress', values: [] };
  return new Promise((resolve) => host.call(gateway, service, command, resolve));
}

describe('gateways over sockets', { concurrency: 20 }, () => {
  test('a gateway is found, and does what it is told', PATIENT, async (t) => {
    const router = await Router.open(t);
    const made = await scene(t, router);
    const [service] = await find(made);
    assert.equal(service?.controlPath, '/ctl');
    const answer = await call(made, service);
    assert.ok(answer?.type === 'done');
    assert.equal(answer.values.get('NewExternalIPAddress'), '198.51.100.7');
    assert.match(
      router.requests[0]!,
      new RegExp(`^GET /desc/root.xml HTTP/1.1\r\n[\\s\\S]*host: ${router.host}:${router.port}\r\n`, 'i'),
    );
    assert.match(router.requests[1]!, /^POST \/ctl HTTP\/1.1\r\n[\s\S]*soapaction: "[^"]+#GetExternalIPAddress"/i);
  });

  test('faults come with an error of HTTP, and other errors are no answers', PATIENT, async (t) => {
    const router = await Router.open(t);
    const made = await scene(t, router);
    const [service] = await find(made);
    const fault = soap('<s:Fault><detail><UPnPError><errorCode>718</errorCode></UPnPError></detail></s:Fault>');
    router.answer = (socket) => socket.end(`HTTP/1.1 500 Internal Server Error\r\n\r\n${fault}`);
    assert.deepEqual(await call(made, service!), { type: 'fault', code: 718, text: '' });
    router.answer = (socket) => socket.end(`HTTP/1.1 404 Not Found\r\n\r\n${fault}`);
    assert.equal(await call(made, service!), undefined);
  });

  test('an answer from another address is not heard', PATIENT, async (t) => {
    const [router, stranger] = [await Router.open(t), await Router.open(t)];
    router.delegate(stranger);
    const made = await scene(t, router);
    assert.deepEqual(await find(made), []);
    assert.deepEqual(stranger.requests, []);
  });

  test('whatever URL a gateway tells, nobody but itself is connected to', PATIENT, async (t) => {
    const [router, victim] = [await Router.open(t), await Router.open(t)];
    router.location = `http://${victim.host}:${victim.port}/admin?reboot=1`;
    const made = await scene(t, router);
    assert.deepEqual(await find(made), []);
    const control = DESCRIPTION.replace('/ctl', `http://${victim.host}:${router.port}/ctl`);
    router.location = `http://${router.host}:${router.port}/`;
    router.answer = (socket, request) =>
      socket.end(
        `HTTP/1.1 200 OK\r\n\r\n${request.startsWith('GET') ? control : soap('<GetExternalIPAddressResponse/>')}`,
      );
    const [service] = await find(made);
    assert.equal((await call(made, service!))?.type, 'done');
    assert.deepEqual(victim.requests, []);
  });

  test('no redirect is followed', PATIENT, async (t) => {
    const [router, victim] = [await Router.open(t), await Router.open(t)];
    router.answer = (socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nLocation: http://${victim.host}:${victim.port}/\r\n\r\n`);
    assert.deepEqual(await find(await scene(t, router)), []);
    assert.deepEqual(victim.requests, []);
  });

  for (const [name, head, more] of [
    ['body', 'HTTP/1.1 200 OK\r\n\r\n<root>', 'x'.repeat(16_384)],
    ['head', 'HTTP/1.1 200 OK\r\nX: ', 'x'.repeat(16_384)],
    ['list of chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', `4000\r\n${'x'.repeat(16_384)}\r\n`],
  ] as const) {
    test(`an endless ${name} is cut off`, PATIENT, async (t) => {
      const router = await Router.open(t);
      let sent = 0;
      router.answer = (socket) => {
        socket.write(head);
        const pour = (): void => {
          while (!socket.destroyed && socket.write(more)) sent += more.length;
          socket.once('drain', pour);
        };
        pour();
      };
      assert.deepEqual(await find(await scene(t, router)), []);
      // What the sockets between us hold comes on top of what is read.
      assert.ok(sent < XML_BYTES_MAX + 32 * 1024 * 1024, `${sent} bytes went out`);
    });
  }

  test('a description that is too long, or no XML, is none', PATIENT, async (t) => {
    const router = await Router.open(t);
    const long = DESCRIPTION.replace('<device>', `<x>${'x'.repeat(XML_BYTES_MAX)}</x><device>`);
    let asked = 0;
    router.answer = (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${asked++ % 2 === 0 ? long : 'hello'}`);
    assert.deepEqual(await find(await scene(t, router)), []);
  });

  test('a bomb of entities explodes nowhere', PATIENT, async (t) => {
    const router = await Router.open(t);
    const bomb = `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>${DESCRIPTION.replace('/ctl', '&b;')}`;
    router.answer = (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${bomb}`);
    assert.deepEqual(await find(await scene(t, router)), []);
  });

  test('a gateway that never answers holds nothing up: closing gives it up at once', PATIENT, async (t) => {
    const router = await Router.open(t);
    const asked = deferred();
    router.answer = () => asked.resolve(undefined);
    const made = await scene(t, router);
    const nothing = find(made);
    await asked.promise;
    await made.host.close();
    assert.deepEqual(await nothing, []);
  });

  test('packets come from the gateway’s own port alone', PATIENT, async (t) => {
    const router = await Router.open(t);
    const [gateway, stranger] = [createSocket('udp4'), createSocket('udp4')];
    gateway.bind(5351, router.host);
    stranger.bind(0, router.host);
    t.after(() => {
      gateway.close();
      stranger.close();
    });
    await Promise.all([once(gateway, 'listening'), once(stranger, 'listening')]);
    const made = await scene(t, router);
    made.host.send(made.gateway, Uint8Array.of(1, 2, 3));
    const [question, from] = (await once(gateway, 'message')) as [Uint8Array, RemoteInfo];
    assert.deepEqual([...question], [1, 2, 3]);
    assert.equal(from.address, HERE);
    await new Promise((resolve) => stranger.send(Uint8Array.of(9), from.port, from.address, resolve));
    gateway.send(Uint8Array.of(7), from.port, from.address);
    while (made.heard.packets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      made.heard.packets.map((bytes) => [...bytes]),
      [[7]],
    );
  });

  test('what a gateway announces to everybody is heard, also where there are several gateways', PATIENT, async (t) => {
    const [router, other] = [await Router.open(t), await Router.open(t)];
    const made = await scene(t, router, other);
    const [speaker, stranger] = [createSocket('udp4'), createSocket('udp4')];
    speaker.bind(5351, router.host);
    stranger.bind(0, other.host);
    t.after(() => {
      speaker.close();
      stranger.close();
    });
    await Promise.all([once(speaker, 'listening'), once(stranger, 'listening')]);
    for (const socket of [stranger, speaker]) socket.setMulticastInterface(HERE);
    while (!made.heard.announcers.has(router.host)) {
      // Nobody says when the group has been joined.
      for (const socket of [stranger, speaker]) socket.send(Uint8Array.of(1), 5350, '224.0.0.1');
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(!made.heard.announcers.has(other.host), 'nor from another port than that of gateways');
  });

  test('a gateway where nobody listens says so', PATIENT, async (t) => {
    const router = await Router.open(t);
    const made = await scene(t, router);
    made.host.send(made.gateway, Uint8Array.of(1));
    while (made.heard.unreachable === 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

function deferred(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test('nothing stays open', PATIENT, async (t) => {
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => /UDP|TCP/.test(name)).length;
  const before = sockets();
  const router = await Router.open(t);
  const made = await scene(t, router);
  made.host.send(made.gateway, Uint8Array.of(1));
  await find(made);
  await made.host.close();
  router.close();
  while (sockets() > before) await new Promise((resolve) => setImmediate(resolve));
});
