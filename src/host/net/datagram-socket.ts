// A UDP socket as the client uses it, whatever carries its packets: the system, or a proxy's relay. Addresses are numeric
// here (a relay alone takes names), so that no packet asks a name server.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { PeerAddress } from '../../engine/ports.ts';
import { DATAGRAM_BUFFER_BYTES } from '../limits.ts';
import { plainAddress } from './plain-address.ts';

export interface DatagramSocket {
  /** Where it is bound; `undefined` while nothing can be sent. */
  readonly local: PeerAddress | undefined;
  /** Bytes that were sent and have not left yet. */
  readonly queuedBytes: number;
  /** Bytes that every packet is longer by on its way. */
  readonly overheadBytes: number;
  /** Sends; `done` tells when the bytes may change again, and the system's refusal. */
  send(bytes: Uint8Array, to: PeerAddress, done: (error: Error | null) => void): void;
  /** Nothing is heard afterwards. Idempotent. */
  close(): Promise<void>;
}

/** What a socket tells. */
export interface DatagramHearer {
  /** The bytes are the hearer's. `from.host` is numeric, IPv4 never in IPv6 clothes. */
  packet(bytes: Uint8Array, from: PeerAddress): void;
  /** It broke down, and nothing comes or goes any more. */
  broken(error: Error): void;
}

/** What can be asked of the system's socket. */
interface DatagramBinding {
  readonly host: string;
  readonly port: number;
  /** The only one to whom packets go and from whom they are heard. */
  readonly peer?: PeerAddress;
}

/** Opens one of the system's; an IPv6 one never takes in IPv4. Rejects with the system's error. */
export async function openDatagramSocket(
  { host, port, peer }: DatagramBinding,
  hearer: DatagramHearer,
): Promise<SystemDatagramSocket> {
  const six = isIPv6(host);
  const socket = createSocket({
    type: six ? 'udp6' : 'udp4',
    ipv6Only: six,
    recvBufferSize: DATAGRAM_BUFFER_BYTES,
    sendBufferSize: DATAGRAM_BUFFER_BYTES,
    lookup: numericAddress,
  });
  try {
    await settled(socket, (done) => socket.bind({ address: host, port }, done));
    if (peer !== undefined) await settled(socket, (done) => socket.connect(peer.port, peer.host, done));
  } catch (error) {
    socket.close();
    throw error;
  }
  return new SystemDatagramSocket(socket, hearer);
}

export class SystemDatagramSocket implements DatagramSocket {
  readonly local: PeerAddress;
  readonly overheadBytes = 0;
  readonly #socket: Socket;
  /** Who sent the last packet, and what the system called its address: most come from whom the one before came from. */
  #from: PeerAddress = { host: '', port: 0 };
  #fromText = '';
  #closed: Promise<void> | undefined;

  constructor(socket: Socket, hearer: DatagramHearer) {
    this.#socket = socket;
    const bound = socket.address();
    this.local = { host: bound.address, port: bound.port };
    // A failed read concerns no packet that anybody has seen; the next one may be well.
    socket.on('error', () => undefined);
    socket.on('message', (bytes: Uint8Array, { address, port }: RemoteInfo) => {
      // Told while the socket is closing, a protocol that was shut down would wake up again.
      if (this.#closed !== undefined) return;
      // Not a Buffer, whose `slice` copies nothing: the engine expects the behaviour of the plain type.
      const packet = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      if (port !== this.#from.port || address !== this.#fromText) {
        this.#from = { host: plainAddress(address), port };
        this.#fromText = address;
      }
      hearer.packet(packet, this.#from);
    });
  }

  get queuedBytes(): number {
    return this.#socket.getSendQueueSize();
  }

  send(bytes: Uint8Array, to: PeerAddress, done: (error: Error | null) => void): void {
    this.#socket.send(bytes, to.port, to.host, done);
  }

  /** For a socket that has one peer: sends both parts as one packet. */
  sendParts(head: Uint8Array, bytes: Uint8Array, done: (error: Error | null) => void): void {
    this.#socket.send([head, bytes], done);
  }

  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }
}

/** Waits for what a socket is told to do: what goes wrong with `bind` is an event, with `connect` told to the callback. */
function settled(socket: Socket, act: (done: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    act((error) => {
      socket.off('error', reject);
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}

/** Names never get here; without this, `dgram` would take every packet through the resolver's queue. */
function numericAddress(
  host: string,
  family: number | object,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, typeof family === 'number' ? family : isIPv6(host) ? 6 : 4);
}
