// The handshake with a proxy over a socket: what is said before the socket is the target's. It reads exactly what the proxy
// has to say, and not a byte more: what follows is read where whoever wanted the connection says, straight into piece
// memory if that is what it wants.

import type { Socket } from 'node:net';
import { SourceError } from '../../base/errors.ts';
import { type ProxyHandshake, proxyNonsense } from '../../protocol/proxy/proxy-handshake.ts';
import { PROXY_GREETING_TIMEOUT_MS, PROXY_READ_BYTES } from '../limits.ts';
import type { DirectRead } from './adopt-socket.ts';
import { networkReason } from './network-reason.ts';

export interface ProxyConversationParts {
  /** Opens a socket to the proxy, which reads as it is told. */
  readonly open: (onread: DirectRead | undefined) => Socket;
  readonly handshake: ProxyHandshake;
  /** How the proxy is called in messages. */
  readonly name: string;
  /** For tests: how long the proxy may take until it was told whom to reach. */
  readonly timeoutMs?: number;
  /** Where the target's bytes are read to; absent: as chunks. */
  readonly onread?: DirectRead | undefined;
  /** From here on the socket is the target's, without listeners of ours. */
  readonly opened: (socket: Socket) => void;
  readonly failed: (error: SourceError) => void;
}

export class ProxyConversation {
  readonly #parts: ProxyConversationParts;
  readonly #socket: Socket;
  readonly #buffer: Uint8Array = new Uint8Array(PROXY_READ_BYTES);
  #timer: NodeJS.Timeout | undefined;
  #connects = true;
  #over = false;
  #ready = false;

  /** Begins at once. Either `opened` or `failed` comes, later, and once; neither after `destroy`. */
  constructor(parts: ProxyConversationParts) {
    this.#parts = parts;
    const { onread } = parts;
    const direct = onread && { buffer: () => this.#destination(onread), callback: this.#readCallback(onread) };
    const socket = parts.open(direct);
    this.#socket = socket;
    if (direct === undefined) socket.on('readable', this.#readable);
    socket.on('connect', this.#connected).on('error', this.#errored).on('close', this.#closed).on('end', this.#closed);
    this.#timer = setTimeout(this.#late, parts.timeoutMs ?? PROXY_GREETING_TIMEOUT_MS);
  }

  /** Gives up. */
  destroy(): void {
    this.#end();
    this.#socket.on('error', () => undefined);
    this.#socket.destroy();
  }

  readonly #connected = (): void => {
    const { handshake } = this.#parts;
    this.#connects = false;
    if (handshake.asked) clearTimeout(this.#timer);
    this.#socket.write(handshake.opening);
  };

  #destination(onread: DirectRead): Uint8Array {
    if (this.#ready) return onread.buffer();
    return this.#buffer.subarray(0, Math.min(this.#buffer.length, Math.max(1, this.#parts.handshake.wants)));
  }

  #readCallback(onread: DirectRead): DirectRead['callback'] {
    return (count, buffer) => {
      if (this.#ready) return onread.callback(count, buffer);
      this.#take(buffer.subarray(0, count));
      return !this.#over || this.#ready;
    };
  }

  readonly #readable = (): void => {
    const socket = this.#socket;
    while (!this.#over && socket.readableLength > 0) {
      this.#take(socket.read(Math.min(this.#parts.handshake.wants, socket.readableLength)) as Uint8Array);
    }
    // Without this, the end of the stream would not be told.
    if (!this.#over) socket.read();
  };

  #take(bytes: Uint8Array): void {
    if (this.#over) return;
    const { handshake } = this.#parts;
    let answer: Uint8Array | undefined;
    try {
      answer = handshake.take(bytes);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      return this.#fail(error);
    }
    if (handshake.asked) clearTimeout(this.#timer);
    if (answer !== undefined) this.#socket.write(answer);
    if (handshake.wants > 0) return;
    this.#ready = true;
    this.#end();
    this.#parts.opened(this.#socket);
  }

  readonly #late = (): void => this.#fail(new SourceError('ERR_PROXY_CONNECT', 'does not answer'));

  readonly #errored = (error: NodeJS.ErrnoException): void => {
    // What we are bound to is gone: that is not the proxy's doing.
    const { code = '', message } = error;
    if (code.startsWith('ERR_BIND_')) return this.#fail(new SourceError(code, message, { cause: error }));
    if (this.#connects) {
      const reason = `cannot be reached: ${networkReason(error)}`;
      return this.#fail(new SourceError('ERR_PROXY_CONNECT', reason, { cause: error }));
    }
    this.#hungUp();
  };

  readonly #closed = (): void => this.#hungUp();

  /** Some proxies just hang up when the target cannot be reached. */
  #hungUp(): void {
    const { handshake } = this.#parts;
    if (handshake.asked) this.#fail(new SourceError('ECONNRESET', 'the proxy hung up'));
    else this.#fail(proxyNonsense('hangs up before it was asked for anything'));
  }

  #fail(error: SourceError): void {
    if (this.#over) return;
    this.destroy();
    const { name, failed } = this.#parts;
    const own = error.code.startsWith('ERR_PROXY_');
    failed(own ? new SourceError(error.code, `the proxy ${name} ${error.message}`, { cause: error.cause }) : error);
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    socket.off('readable', this.#readable);
    socket
      .off('connect', this.#connected)
      .off('error', this.#errored)
      .off('close', this.#closed)
      .off('end', this.#closed);
  }
}
