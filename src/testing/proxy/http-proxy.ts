// An HTTP proxy for tests: CONNECT, Basic credentials, and faults.
import type { Socket } from 'node:net';
import { join, type ProxyBehaviour, say } from './proxy-log.ts';
import { ProxyServer } from './proxy-server.ts';

export class HttpProxy extends ProxyServer<ProxyBehaviour> {
  /** The heads of all requests. */
  readonly heads: string[] = [];

  static async start(behaviour: ProxyBehaviour = {}): Promise<HttpProxy> {
    const proxy = new HttpProxy('http', behaviour);
    await proxy.listen();
    return proxy;
  }

  protected serve(socket: Socket): void {
    if (this.behaviour.silent) return void socket.resume();
    if (this.behaviour.hangsUp === 'at-once') return void socket.end();
    let held = Buffer.alloc(0);
    const hear = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', hear);
      socket.pause();
      this.#answer(socket, held.toString('latin1', 0, end), held.subarray(end + 4));
    };
    socket.on('data', hear);
  }

  #answer(socket: Socket, head: string, early: Buffer): void {
    const { behaviour } = this;
    this.heads.push(head);
    const [, host = '', port = ''] = /^CONNECT \[?([^\]\s]+?)\]?:(\d+) HTTP\/1\.1\r\n/.exec(head) ?? [];
    const { credentials } = behaviour;
    if (credentials !== undefined) {
      const token = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
      if (!head.includes(`Proxy-Authorization: Basic ${token}`)) return this.#say(socket, 407, 'Who are you');
    }
    if (behaviour.hangsUp === 'when-asked') return void socket.end();
    if (host === '' || behaviour.refuses !== undefined) return this.#say(socket, behaviour.refuses ?? 400, 'No');
    const target = { host, port: Number(port) };
    this.connections.push(target);
    const far = join(socket, { ...target, host: behaviour.names?.[host] ?? host }, (refusal, go) => {
      if (refusal === undefined) this.#say(socket, 200, 'Connection established', go);
      else this.#say(socket, 502, 'Bad Gateway');
    });
    if (early.length > 0) far.write(early);
  }

  #say(socket: Socket, status: number, reason: string, then: () => void = () => socket.end()): void {
    const joins = status === 200 ? (this.behaviour.joins ?? new Uint8Array(0)) : new Uint8Array(0);
    const head = `HTTP/1.1 ${status} ${reason}\r\nServer: a test\r\nVia: 1.1 nobody\r\n\r\n`;
    say(socket, Buffer.concat([Buffer.from(head), joins]), this.behaviour, then);
  }
}
