// A bad network for UDP: relays packets between clients of a port and one target on loopback, late, and not all of them.
// What `tc netem` does, for kernels that lack it. The same dice lose the same packets.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { SeededRandom } from '../seeded-random.ts';

/** Bursts are not the relay's to drop. */
const BUFFER_BYTES = 4 << 20;

/** How bad it is. */
export interface RelayManners {
  /** One way, in ms. */
  readonly delayMs: number;
  /** Share of packets, 0 … 1, in each direction. */
  readonly loss: number;
}

/** A packet under way. All are as late as each other, so they leave in the order in which they came. */
interface Delayed {
  readonly dueMs: number;
  readonly send: () => void;
}

export class LossyRelay {
  readonly port: number;
  /** Packets that were lost. */
  lost = 0;
  carried = 0;
  readonly #front: Socket;
  readonly #manners: RelayManners;
  readonly #targetPort: number;
  readonly #random = new SeededRandom(29);
  /** The target sees each client at a port of its own. */
  readonly #backs = new Map<number, Socket>();
  #underWay: Delayed[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(front: Socket, targetPort: number, manners: RelayManners) {
    this.#front = front;
    this.#targetPort = targetPort;
    this.#manners = manners;
    this.port = front.address().port;
    front.on('message', (packet, { port }) => {
      const back = this.#backs.get(port) ?? this.#openBack(port);
      this.#carry(() => back.send(packet, this.#targetPort, '127.0.0.1'));
    });
  }

  static async open(targetPort: number, manners: RelayManners): Promise<LossyRelay> {
    const front = newSocket();
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new LossyRelay(front, targetPort, manners);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const sockets = [this.#front, ...this.#backs.values()];
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  #openBack(clientPort: number): Socket {
    const back = newSocket();
    this.#backs.set(clientPort, back);
    back.on('message', (packet) => this.#carry(() => this.#front.send(packet, clientPort, '127.0.0.1')));
    return back;
  }

  #carry(send: () => void): void {
    if (this.#random.next() < this.#manners.loss) {
      this.lost++;
      return;
    }
    this.carried++;
    const { delayMs } = this.#manners;
    this.#underWay.push({ dueMs: performance.now() + delayMs, send });
    this.#timer ??= setTimeout(this.#deliver, delayMs);
  }

  readonly #deliver = (): void => {
    this.#timer = undefined;
    if (this.#closed) return;
    const nowMs = performance.now();
    let count = 0;
    while (count < this.#underWay.length && this.#underWay[count]!.dueMs <= nowMs) this.#underWay[count++]!.send();
    this.#underWay = this.#underWay.slice(count);
    const [next] = this.#underWay;
    if (next !== undefined) this.#timer = setTimeout(this.#deliver, Math.max(1, next.dueMs - nowMs));
  };
}

function newSocket(): Socket {
  return createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
}
