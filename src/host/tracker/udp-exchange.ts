// Questions to UDP trackers and their answers, over one socket for each address family (BEP 15).
import { isIP, isIPv6 } from 'node:net';
import type { PeerAddress } from '../../engine/ports.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { decodeUdpReply, type UdpReply } from '../../protocol/tracker/udp-packets.ts';
import { type DatagramHearer, type DatagramSocket, openDatagramSocket } from '../net/datagram-socket.ts';
import type { Egress } from '../net/egress.ts';
import { openSocksRelay } from '../net/socks-relay.ts';
import { orAborted } from '../or-aborted.ts';

/** A numeric address, or a name that the proxy resolves. */
export interface UdpTarget {
  readonly family: AddressFamily;
  readonly address: string;
  readonly port: number;
}

/** A packet and what its answer is recognised by. */
interface UdpQuestion {
  readonly target: UdpTarget;
  readonly packet: Uint8Array;
  readonly transactionId: number;
  readonly timeoutMs: number;
}

interface Waiting {
  readonly target: UdpTarget;
  readonly answered: (reply: UdpReply) => void;
  readonly failed: (error: unknown) => void;
}

export class UdpExchange {
  readonly #family: AddressFamily;
  readonly #egress: Egress;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Promise<DatagramSocket> | undefined;
  /** Ends what is being opened. */
  readonly #closing = new AbortController();

  constructor(family: AddressFamily, egress: Egress) {
    this.#family = family;
    this.#egress = egress;
  }

  /** True while this transaction id belongs to a question that waits for its answer. */
  isWaiting(transactionId: number): boolean {
    return this.#waiting.has(transactionId);
  }

  /**
   * Sends once and waits. Resolves with the tracker's answer, or with nothing when the time is over; rejects with the
   * system's error, or with the signal's reason.
   */
  async ask(question: UdpQuestion, signal: AbortSignal): Promise<UdpReply | undefined> {
    signal.throwIfAborted();
    const { target, transactionId } = question;
    const socket = await orAborted(this.#open(), signal);
    let timer: NodeJS.Timeout | undefined;
    let aborted: (() => void) | undefined;
    try {
      return await new Promise<UdpReply | undefined>((resolve, reject) => {
        timer = setTimeout(() => resolve(undefined), question.timeoutMs);
        aborted = () => reject(signal.reason);
        signal.addEventListener('abort', aborted);
        this.#waiting.set(transactionId, { target, answered: resolve, failed: reject });
        socket.send(question.packet, { host: target.address, port: target.port }, (error) => {
          if (error !== null) reject(error);
        });
      });
    } finally {
      clearTimeout(timer);
      if (aborted !== undefined) signal.removeEventListener('abort', aborted);
      this.#waiting.delete(transactionId);
    }
  }

  /** Closes the socket. Whoever still waits must have been aborted before. */
  async close(): Promise<void> {
    const opening = this.#socket;
    this.#socket = undefined;
    this.#closing.abort();
    const socket = await opening?.catch(() => undefined);
    await socket?.close();
  }

  /** Rejects with the system's error, or SourceError ERR_PROXY_… or ERR_BIND_ADDRESS. */
  #open(): Promise<DatagramSocket> {
    if (this.#socket !== undefined) return this.#socket;
    const hearer: DatagramHearer = {
      packet: (packet, from) => this.#received(packet, from),
      broken: (error) => {
        forget();
        for (const { failed } of this.#waiting.values()) failed(error);
      },
    };
    const opening = this.#openSocket(hearer);
    // What is of no use any more is opened anew for the next question.
    const forget = (): void => {
      if (this.#socket === opening) this.#socket = undefined;
    };
    this.#socket = opening;
    opening.catch(forget);
    return opening;
  }

  async #openSocket(hearer: DatagramHearer): Promise<DatagramSocket> {
    const { proxy, binding } = this.#egress;
    if (proxy !== undefined) return await openSocksRelay(this.#egress, hearer, this.#closing.signal);
    const any = this.#family === 4 ? '0.0.0.0' : '::';
    return await openDatagramSocket({ host: binding?.address(this.#family) ?? any, port: 0 }, hearer);
  }

  /**
   * Takes an answer only from the address that was asked: 32 bits of transaction id alone can be guessed. Of a name that a
   * proxy resolved the address is not known; the packet then comes from the proxy's relay, which nobody else can be.
   */
  #received(packet: Uint8Array, from: PeerAddress): void {
    const reply = decodeUdpReply(packet, isIPv6(from.host) ? 6 : 4);
    if (reply === undefined) return;
    const waiting = this.#waiting.get(reply.transactionId);
    if (waiting === undefined) return;
    const { address, port } = waiting.target;
    if (from.port === port && (from.host === address || isIP(address) === 0)) waiting.answered(reply);
  }
}
