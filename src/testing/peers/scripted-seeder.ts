// A peer in memory that listens on loopback, or dials, and does to its partners what its behaviours say.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import type { BehaviourMaker } from './behaviour.ts';
import type { BlockRequest } from './frames.ts';
import { type FakeTorrent, PeerSession, type SessionOwner } from './peer-session.ts';

export interface ScriptedSeederOptions {
  /** What it does differently from a good seeder, applied in this order. */
  readonly behaviours?: readonly BehaviourMaker[];
  /** Which pieces it has. Default: all. */
  readonly has?: (piece: number) => boolean;
}

export class ScriptedSeeder {
  /** Every request that was received, over all connections. */
  readonly requests: BlockRequest[] = [];
  readonly sessions: PeerSession[] = [];
  #sentBytes = 0;
  readonly #owner: SessionOwner;
  readonly #behaviours: readonly BehaviourMaker[];
  readonly #server: net.Server;

  constructor(torrent: FakeTorrent, options: ScriptedSeederOptions = {}) {
    this.#behaviours = options.behaviours ?? [];
    this.#owner = {
      torrent,
      peerId: Buffer.concat([Buffer.from('-FK0001-'), randomBytes(12)]),
      has: options.has ?? (() => true),
      requested: (request) => this.requests.push(request),
      sent: (blockBytes) => {
        this.#sentBytes += blockBytes;
      },
    };
    this.#server = net.createServer((socket) => this.#adopt(socket, false));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async listen(torrent: FakeTorrent, options: ScriptedSeederOptions = {}): Promise<ScriptedSeeder> {
    const seeder = new ScriptedSeeder(torrent, options);
    seeder.#server.listen(0, '127.0.0.1');
    await once(seeder.#server, 'listening');
    return seeder;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Bytes of blocks that were handed to the network, good ones or not. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Dials a peer on loopback instead of waiting for it. */
  async dial(port: number): Promise<PeerSession> {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const session = this.#adopt(socket, true);
    session.greet();
    return session;
  }

  /** Drops every connection and the port. */
  async stop(): Promise<void> {
    for (const session of this.sessions) session.close();
    await Promise.all(this.sessions.map((session) => session.closed));
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #adopt(socket: net.Socket, dialled: boolean): PeerSession {
    const session = new PeerSession(this.#owner, socket, { behaviours: this.#behaviours, dialled });
    this.sessions.push(session);
    return session;
  }
}
