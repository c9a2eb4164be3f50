// Local service discovery over multicast (BEP 14): one socket for each address family that hears the group on every interface
// where we accept peers, and one for each interface to speak from.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import process from 'node:process';
import type { LocalPort, LocalSink } from '../../engine/discovery/local-discovery.ts';
import { decodeLsd, encodeLsd, LSD_GROUPS, LSD_PORT, type LsdMessage } from '../../protocol/lsd/lsd-message.ts';
import { LSD_INTERFACES_MS } from '../limits.ts';
import { attempt } from '../net/attempt.ts';
import type { LocalBinding } from '../net/local-binding.ts';
import { plainAddress } from '../net/plain-address.ts';

type Family = 4 | 6;

/** An interface by which the own network is reached: an address for IPv4, a name for IPv6. */
interface Way {
  readonly family: Family;
  readonly via: string;
}

export interface LsdOptions {
  /** Where peers are accepted: an address of this machine, or all of them. */
  readonly host: string;
  /** Nothing is heard or said but there. */
  readonly binding?: LocalBinding | undefined;
  /** For tests: another port than everybody's. */
  readonly port?: number;
}

const ALL: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export class LsdHost implements LocalPort {
  readonly #options: LsdOptions;
  /** By this we know our own messages. */
  readonly #cookie: string = randomBytes(8).toString('hex');
  readonly #ears = new Map<Family, Socket>();
  readonly #mouths = new Map<string, Promise<Socket | undefined>>();
  #sink: LocalSink | undefined;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #last: LsdMessage | undefined;
  /** Interfaces whose group is heard. */
  #joined: ReadonlySet<string> = new Set();

  constructor(options: LsdOptions) {
    this.#options = options;
  }

  /** Names the engine. Must be called once, before anything else. */
  start(sink: LocalSink): void {
    this.#sink = sink;
  }

  /** Begins to listen. A family that this machine does not have is left out; resolves to whether there is any. */
  async open(): Promise<boolean> {
    const { host } = this.#options;
    const families: readonly Family[] = ALL.has(host) ? [4, 6] : [isIPv6(host) ? 6 : 4];
    for (const family of families) {
      const ear = await this.#listen(family);
      if (ear === undefined) continue;
      if (this.#closed) ear.close();
      else this.#ears.set(family, ear);
    }
    this.#join();
    // Interfaces come and go, and the system does not tell.
    if (!this.#closed) this.#timer = setInterval(() => this.#catchUp(), LSD_INTERFACES_MS);
    return this.#ears.size > 0;
  }

  announce(port: number, infoHashes: readonly Uint8Array[]): void {
    if (this.#closed) return;
    this.#last = { port, infoHashes, cookie: this.#cookie };
    this.#join();
    for (const way of this.#ways()) void this.#say(way, this.#last);
  }

  /** An interface that has come up hears what was said last. */
  #catchUp(): void {
    for (const way of this.#join()) if (this.#last !== undefined) void this.#say(way, this.#last);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    const mouths = await Promise.all(this.#mouths.values());
    const sockets = [...this.#ears.values(), ...mouths.filter((socket) => socket !== undefined)];
    this.#ears.clear();
    this.#mouths.clear();
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  get #port(): number {
    return this.#options.port ?? LSD_PORT;
  }

  #ways(): Way[] {
    const { host, binding } = this.#options;
    const ways: Way[] = [];
    const bound = binding?.present();
    const isOurs = ({ address, internal }: { readonly address: string; readonly internal: boolean }): boolean => {
      if (binding !== undefined && address !== bound?.[4] && address !== bound?.[6]) return false;
      return ALL.has(host) ? !internal || binding !== undefined : address === host;
    };
    for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
      const ours = addresses.filter(isOurs);
      const four = ours.find(({ family }) => family === 'IPv4');
      if (four !== undefined) ways.push({ family: 4, via: four.address });
      if (ours.some(({ family }) => family === 'IPv6')) ways.push({ family: 6, via: `::%${name}` });
    }
    return ways;
  }

  async #listen(family: Family): Promise<Socket | undefined> {
    // Several programs hear the same group; what is sent to the port alone is not heard, where the system can do that.
    const address = process.platform === 'win32' ? undefined : LSD_GROUPS[family];
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', reuseAddr: true, ipv6Only: family === 6 });
    socket.on('message', (packet, { address: from }) => this.#heard(packet, from));
    return await opened(socket, { port: this.#port, ...(address !== undefined && { address }) });
  }

  /** Hears the group on all interfaces; returns those that are new. */
  #join(): Way[] {
    const ways = this.#ways();
    const fresh = ways.filter((way) => !this.#joined.has(keyOf(way)));
    this.#joined = new Set(ways.map(keyOf));
    for (const { family, via } of fresh) {
      attempt(() => this.#ears.get(family)?.addMembership(LSD_GROUPS[family], via));
    }
    return fresh;
  }

  async #say(way: Way, words: LsdMessage): Promise<void> {
    const key = keyOf(way);
    const message = encodeLsd(words, way.family);
    const mouth = this.#mouths.get(key) ?? this.#openMouth(way);
    this.#mouths.set(key, mouth);
    const socket = await mouth;
    if (socket === undefined) this.#mouths.delete(key);
    // A network that is down just now is tried again the next time.
    else if (!this.#closed) socket.send(message, this.#port, LSD_GROUPS[way.family], () => undefined);
  }

  async #openMouth({ family, via }: Way): Promise<Socket | undefined> {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6' });
    const open = await opened(socket, family === 4 ? { address: via, port: 0 } : { port: 0 });
    if (open === undefined || attempt(() => open.setMulticastInterface(via))) return open;
    open.close();
    return undefined;
  }

  #heard(packet: Uint8Array, from: string): void {
    const message = decodeLsd(packet);
    if (message === undefined || message.cookie === this.#cookie || this.#closed) return;
    const address = { host: plainAddress(from), port: message.port };
    for (const infoHash of message.infoHashes) this.#sink?.neighbour(address, infoHash);
  }
}

function keyOf({ family, via }: Way): string {
  return `${family} ${via}`;
}

/** Resolves to the bound socket, or to nothing when the system refuses. */
function opened(socket: Socket, at: { readonly port: number; readonly address?: string }): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const refused = (): void => {
      socket.close();
      resolve(undefined);
    };
    socket.once('error', refused);
    socket.bind(at, () => {
      socket.off('error', refused);
      // What cannot be sent or received later on is no loss that anybody could mend.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}
