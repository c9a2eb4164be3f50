// Questions to UDP trackers and their answers, over one socket for each address family (BEP 15).
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { decodeUdpReply, type UdpReply } from '../../protocol/tracker/udp-packets.ts';

/** A numeric address. */
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
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | undefined;

  constructor(family: AddressFamily) {
    this.#family = family;
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
    let timer: NodeJS.Timeout | undefined;
    let aborted: (() => void) | undefined;
    try {
      return await new Promise<UdpReply | undefined>((resolve, reject) => {
        timer = setTimeout(() => resolve(undefined), question.timeoutMs);
        aborted = () => reject(signal.reason);
        signal.addEventListener('abort', aborted);
        this.#waiting.set(transactionId, { target, answered: resolve, failed: reject });
        this.#open().send(question.packet, target.port, target.address, (error) => {
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
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #open(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    const socket = createSocket(this.#family === 4 ? 'udp4' : 'udp6');
    this.#socket = socket;
    socket.on('message', (packet, from) => this.#received(packet, from));
    socket.on('error', (error) => {
      // A socket that could not be bound is of no use any more; the next question opens another one.
      if (this.#socket === socket) this.#socket = undefined;
      socket.close();
      for (const { failed } of this.#waiting.values()) failed(error);
    });
    return socket;
  }

  /** Takes an answer only from the address that was asked: 32 bits of transaction id alone can be guessed. */
  #received(packet: Uint8Array, from: RemoteInfo): void {
    const reply = decodeUdpReply(packet, this.#family);
    if (reply === undefined) return;
    const waiting = this.#waiting.get(reply.transactionId);
    if (waiting === undefined) return;
    const { address, port } = waiting.target;
    if (from.address === address && from.port === port) waiting.answered(reply);
  }
}
