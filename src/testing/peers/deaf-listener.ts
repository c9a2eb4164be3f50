// Somebody who listens and never accepts: a thread that opens a port and then stands still, with as many connections
// before it as the kernel lets wait. Whoever comes next gets no answer at all, as from a host that drops packets.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { PeerAddress } from '../../engine/ports.ts';

/** Listens for one connection to wait, tells the port and blocks for good. */
const STANDS_STILL = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;
/** Linux lets one more wait than it was told. */
const WAITING = 2;

export class DeafListener {
  readonly address: PeerAddress;
  readonly #thread: Worker;
  readonly #waiting: Socket[] = [];

  private constructor(thread: Worker, port: number) {
    this.#thread = thread;
    this.address = { host: '127.0.0.1', port };
  }

  static async open(): Promise<DeafListener> {
    const thread = new Worker(STANDS_STILL, { eval: true });
    const [port] = (await once(thread, 'message')) as [number];
    const listener = new DeafListener(thread, port);
    for (let i = 0; i < WAITING; i++) {
      const socket = connect(listener.address).on('error', () => undefined);
      listener.#waiting.push(socket);
      await once(socket, 'connect');
    }
    return listener;
  }

  async close(): Promise<void> {
    for (const socket of this.#waiting) socket.destroy();
    await this.#thread.terminate();
  }
}
