// A SOCKS5 proxy for tests (RFC 1928, 1929), written apart from the client's codec: connections, UDP relays, and faults.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4, isIPv6, type Socket } from 'node:net';
import { type AskedTarget, join, type ProxyBehaviour, say } from './proxy-log.ts';
import { ProxyServer } from './proxy-server.ts';

export interface Socks5Behaviour extends ProxyBehaviour {
  /** Answers UDP ASSOCIATE with "command not supported", as proxies for TCP alone do. */
  tcpOnly?: boolean;
  /** Where the relay is said to be. Default: its address; `0.0.0.0` means "where I am". */
  relayHost?: string;
  /** The port from which packets are said to come. Default: theirs. */
  claimedPort?: number;
}

const NOWHERE: AskedTarget = { host: '0.0.0.0', port: 0 };

/** Reads a stream in portions. */
class Portions {
  readonly #socket: Socket;
  #held: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#held = Buffer.concat([this.#held, chunk]);
      this.#wake();
    });
    socket.on('close', () => this.#wake());
  }

  async take(count: number): Promise<Buffer> {
    while (this.#held.length < count) {
      if (this.#socket.destroyed) throw new Error('the client has gone');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  /** Everything from here on is the target's. */
  release(): Buffer {
    this.#socket.removeAllListeners('data');
    return this.#held;
  }
}

export class Socks5Proxy extends ProxyServer<Socks5Behaviour> {
  /** Targets of packets, as they were asked for. */
  readonly packets: AskedTarget[] = [];
  /** Ports of all relays that there ever were, to which clients send. */
  readonly everyRelayPort: Set<number> = new Set();
  readonly #relays = new Set<UdpSocket>();

  static async start(behaviour: Socks5Behaviour = {}, port = 0): Promise<Socks5Proxy> {
    const proxy = new Socks5Proxy('socks5', behaviour);
    await proxy.listen(port);
    return proxy;
  }

  /** Relays that are open now, by the ports that clients send to. */
  get relayPorts(): number[] {
    return Array.from(this.#relays, (relay) => relay.address().port);
  }

  protected serve(socket: Socket): void {
    this.#serve(socket).catch(() => socket.destroy());
  }

  async #serve(socket: Socket): Promise<void> {
    const { behaviour } = this;
    if (behaviour.silent) return;
    if (behaviour.hangsUp === 'at-once') return void socket.end();
    const input = new Portions(socket);
    const [, methodCount = 0] = await input.take(2);
    const methods = await input.take(methodCount);
    if (!(await this.#admits(socket, input, methods))) return;
    const head = await input.take(4);
    const target = await this.#target(input, head[3]!);
    if (behaviour.hangsUp === 'when-asked') return void socket.end();
    if (behaviour.refuses !== undefined) return this.#reply(socket, behaviour.refuses);
    if (head[1] === 3) return await this.#associate(socket);
    this.connections.push(target);
    const early = input.release();
    socket.pause();
    const far = join(socket, this.#resolved(target), (refusal, go) => {
      if (refusal === undefined) return this.#reply(socket, 0, NOWHERE, go);
      this.#reply(socket, refusal.code === 'ECONNREFUSED' ? 5 : 4, NOWHERE, () => socket.end());
    });
    if (early.length > 0) far.write(early);
  }

  async #admits(socket: Socket, input: Portions, methods: Buffer): Promise<boolean> {
    const { credentials } = this.behaviour;
    const method = credentials === undefined ? 0 : 2;
    if (!methods.includes(method)) {
      say(socket, Uint8Array.of(5, 0xff), this.behaviour);
      return false;
    }
    say(socket, Uint8Array.of(5, method), this.behaviour);
    if (credentials === undefined) return true;
    const [, userLength = 0] = await input.take(2);
    const user = (await input.take(userLength)).toString();
    const password = (await input.take((await input.take(1))[0]!)).toString();
    const right = user === credentials.user && password === credentials.password;
    say(socket, Uint8Array.of(1, right ? 0 : 1), this.behaviour);
    return right;
  }

  async #target(input: Portions, type: number): Promise<AskedTarget> {
    const length = type === 1 ? 4 : type === 4 ? 16 : (await input.take(1))[0]!;
    const host = textOf(type, await input.take(length));
    return { host, port: (await input.take(2)).readUInt16BE() };
  }

  #resolved({ host, port }: AskedTarget): AskedTarget {
    return { host: this.behaviour.names?.[host] ?? host, port };
  }

  #reply(socket: Socket, reply: number, bound: AskedTarget = NOWHERE, then?: () => void): void {
    const words = Buffer.alloc(10);
    words.set([5, reply, 0, 1, ...bound.host.split('.').map(Number)]);
    words.writeUInt16BE(bound.port, 8);
    const { joins } = this.behaviour;
    say(socket, joins === undefined ? words : Buffer.concat([words, joins]), this.behaviour, then);
  }

  /** The relay lives as long as the connection over which it was asked for; the first to send to it is its client. */
  async #associate(socket: Socket): Promise<void> {
    if (this.behaviour.tcpOnly) return this.#reply(socket, 7);
    const relay = createSocket('udp4');
    const far = createSocket('udp4');
    let client: AskedTarget | undefined;
    for (const udp of [relay, far]) udp.on('error', () => undefined).bind(0, '127.0.0.1');
    await Promise.all([once(relay, 'listening'), once(far, 'listening')]);
    this.#relays.add(relay);
    this.everyRelayPort.add(relay.address().port);
    relay.on('message', (packet, from) => {
      client ??= { host: from.address, port: from.port };
      if (client.port !== from.port || packet.length < 10) return;
      const { target, body } = unwrap(packet);
      this.packets.push(target);
      const { host, port } = this.#resolved(target);
      if (!isIPv6(host)) far.send(body, port, host, () => undefined);
    });
    far.on('message', (packet, from) => {
      if (client !== undefined)
        relay.send(
          wrap(packet, from.address, this.behaviour.claimedPort ?? from.port),
          client.port,
          client.host,
          () => undefined,
        );
    });
    const end = (): void => {
      if (!this.#relays.delete(relay)) return;
      relay.close();
      far.close();
    };
    if (socket.destroyed) return end();
    socket.on('close', end);
    this.#reply(socket, 0, { host: this.behaviour.relayHost ?? '127.0.0.1', port: relay.address().port });
  }
}

function textOf(type: number, bytes: Buffer): string {
  if (type === 1) return bytes.join('.');
  if (type === 3) return bytes.toString('latin1');
  return Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16)).join(':');
}

function unwrap(packet: Buffer): { target: AskedTarget; body: Buffer } {
  const type = packet[3]!;
  const named = type === 3;
  const from = named ? 5 : 4;
  const to = from + (named ? packet[4]! : type === 1 ? 4 : 16);
  const target = { host: textOf(type, packet.subarray(from, to)), port: packet.readUInt16BE(to) };
  return { target, body: packet.subarray(to + 2) };
}

function wrap(packet: Buffer, host: string, port: number): Buffer {
  const head = Buffer.alloc(10);
  if (!isIPv4(host)) throw new Error(`${host} is none of IPv4`);
  head.set([0, 0, 0, 1, ...host.split('.').map(Number)]);
  head.writeUInt16BE(port, 8);
  return Buffer.concat([head, packet]);
}
