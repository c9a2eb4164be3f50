// A crowd that wishes a client ill: every stranger keeps a connection busy in its own way, and comes back three seconds after it
// was shown out. It works slowly, so that what it costs is what it costs the client and not what it costs itself.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { PeerAddress } from '../../engine/ports.ts';
import { rawHandshake, rawMessage } from '../wire/raw-messages.ts';

const GATHER_MS = 1000;
const RETURN_MS = 3000;
const TRICKLE_MS = 500;
const FLOOD_MS = 200;
const FLOOD_MESSAGES = 100;
const REQUESTS = 500;
const BLOCK_BYTES = 16_384;
const UNCHOKE = 1;
const INTERESTED = 2;
const HAVE = 4;
const REQUEST = 6;
const HAVE_ALL = 14;
const HAVE_NONE = 15;

/** What a stranger does with its connection; `every` calls again and again until the connection ends. */
type Manners = (scene: {
  readonly socket: Socket;
  readonly handshake: Uint8Array;
  readonly every: (ms: number, act: () => void) => void;
}) => void;

const NOTHING: readonly number[] = [];

function trickle(bytes: Uint8Array): Manners {
  return ({ socket, every }) => {
    let at = 0;
    every(TRICKLE_MS, () => at < bytes.length && socket.write(bytes.subarray(at, ++at)));
  };
}

function request(number: number): Uint8Array {
  const payload = new Uint8Array(12);
  const view = new DataView(payload.buffer);
  view.setUint32(0, number);
  view.setUint32(8, BLOCK_BYTES);
  return rawMessage(REQUEST, payload);
}

/** The ways, each named after what it does. */
const MANNERS: Readonly<Record<string, Manners>> = {
  'says nothing': () => undefined,
  'trickles a handshake': (scene) => trickle(scene.handshake)(scene),
  'trickles an encrypted handshake': (scene) => trickle(randomBytes(96))(scene),
  'sends a key of garbage, then more of it': ({ socket, every }) => {
    socket.write(randomBytes(96));
    every(TRICKLE_MS, () => socket.write(randomBytes(32)));
  },
  'comes for another torrent': ({ socket }) => socket.write(rawHandshake()),
  'shakes hands and stays': ({ socket, handshake }) => socket.write(handshake),
  'floods with what is allowed': ({ socket, handshake, every }) => {
    socket.write(Buffer.concat([handshake, rawMessage(HAVE_NONE, NOTHING)]));
    const haves = Array.from({ length: FLOOD_MESSAGES }, () => rawMessage(HAVE, [0, 0, 0, 0]));
    every(FLOOD_MS, () => socket.write(Buffer.concat(haves)));
  },
  'asks for everything and never reads': ({ socket, handshake }) => {
    const requests = Array.from({ length: REQUESTS }, (_, number) => request(number));
    socket.pause();
    const opening = [handshake, rawMessage(HAVE_NONE, NOTHING), rawMessage(INTERESTED, NOTHING)];
    socket.write(Buffer.concat([...opening, ...requests]));
  },
  'promises everything and gives nothing': ({ socket, handshake }) => {
    socket.write(Buffer.concat([handshake, rawMessage(HAVE_ALL, NOTHING), rawMessage(UNCHOKE, NOTHING)]));
  },
};

const EVERY_WAY: readonly Manners[] = Object.values(MANNERS);

export class HostileCrowd {
  /** How often a stranger was connected, and how often shown out or refused. */
  connections = 0;
  farewells = 0;
  /** Resolves when every one of them has been connected. */
  readonly gathered: Promise<void>;
  readonly #address: PeerAddress;
  readonly #infoHash: Uint8Array;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  /** `count` strangers set out at once; each has one of the manners, in turn. */
  constructor(address: PeerAddress, infoHash: Uint8Array, count: number) {
    this.#address = address;
    this.#infoHash = infoHash;
    const came = Array.from({ length: count }, (_, number) => {
      return new Promise<void>((resolve) =>
        this.#set(GATHER_MS * (number / count), () => this.#visit(number, resolve)),
      );
    });
    this.gathered = Promise.all(came).then(() => undefined);
  }

  /** Those that are connected at the moment. */
  get size(): number {
    return this.#sockets.size;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #visit(number: number, came: () => void): void {
    const own = new Set<NodeJS.Timeout>();
    const socket = connect({ host: this.#address.host, port: this.#address.port });
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const timer of own) clearInterval(timer);
      this.farewells++;
      if (!this.#closed) this.#set(RETURN_MS, () => this.#visit(number, came));
    });
    socket.on('connect', () => {
      this.connections++;
      came();
      EVERY_WAY[number % EVERY_WAY.length]!({
        socket,
        handshake: this.#handshakeOf(number),
        every: (ms, act) => own.add(setInterval(() => socket.writable && act(), ms)),
      });
    });
  }

  /** With the fast extension, and a peer id of its own. */
  #handshakeOf(number: number): Uint8Array {
    const handshake = rawHandshake();
    handshake[27] = 4;
    handshake.set(this.#infoHash, 28);
    new DataView(handshake.buffer).setUint32(64, number);
    return handshake;
  }

  #set(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
