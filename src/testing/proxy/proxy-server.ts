// What listens for the clients of a test's proxy, whichever protocol they speak.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { AskedTarget, ProxyBehaviour } from './proxy-log.ts';

export abstract class ProxyServer<Behaviour extends ProxyBehaviour> {
  readonly behaviour: Behaviour;
  /** Targets of connections, as they were asked for. */
  readonly connections: AskedTarget[] = [];
  readonly accepted: Socket[] = [];
  readonly #scheme: string;
  readonly #server: Server;
  #port = 0;

  protected constructor(scheme: string, behaviour: Behaviour) {
    this.behaviour = behaviour;
    this.#scheme = scheme;
    this.#server = createServer((socket) => {
      this.accepted.push(socket);
      socket.on('error', () => undefined);
      this.serve(socket);
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  /** Begins to listen, again perhaps. */
  async listen(port: number = this.#port): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Hangs up on everybody and listens no more. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.hangUp();
    await closed;
  }

  /** Hangs up on everybody. */
  hangUp(): void {
    for (const socket of this.accepted.splice(0)) socket.destroy();
  }

  protected abstract serve(client: Socket): void;
}
