// One HTTP/1.1 connection to a web seed. The socket reads where the receiver says, so the bytes of a body go from the kernel
// to their place in piece memory.
import type { Socket } from 'node:net';
import { ResponseReceiver, type ResponseSink } from '../../protocol/http/response-receiver.ts';
import { WEB_SEED_CONNECT_TIMEOUT_MS } from '../limits.ts';
import type { Egress, Opening } from '../net/egress.ts';
import { readScattered } from '../net/scatter-read.ts';
import { openSource } from '../net/source-socket.ts';

/** Why a connection ended; `complete` when that was the end of its last response. */
export interface ConnectionEnd {
  readonly code: string;
  readonly message: string;
  readonly complete: boolean;
}

export interface ConnectionParts {
  readonly egress: Egress;
  readonly url: URL;
  readonly refusal: (host: string) => string | undefined;
  readonly sink: ResponseSink;
  readonly closed: (end: ConnectionEnd) => void;
  /** So many reads have brought something: what the sink noted can be passed on. */
  readonly received: (reads: number) => void;
}

/** What the system tells of a connection that could not be made. */
type DialError = NodeJS.ErrnoException & { readonly address?: string };

/** From the dial until `closed`, which comes exactly once. No destination is written to after that. */
export class HttpConnection {
  readonly #parts: ConnectionParts;
  readonly #receiver: ResponseReceiver;
  #opening: Opening | undefined;
  #socket: Socket | undefined;
  /** What was sent before the connection stood. */
  #unsent = '';
  /** Nothing lies between the socket and the stream: neither TLS, nor a proxy whose last words may have brought some of it. */
  readonly #plain: boolean;
  #timer: NodeJS.Timeout | undefined;
  #end = { code: 'ERR_WEB_SEED_CLOSED', message: 'closed the connection' };
  /** The numeric address that was dialled, once it stands or has failed at one. */
  host: string | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#receiver = new ResponseReceiver(parts.sink);
    const { hostname, port, protocol } = parts.url;
    const secure = protocol === 'https:';
    const target = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (secure ? 443 : 80) : Number(port),
      secure,
    };
    this.#plain = !secure && parts.egress.proxy === undefined;
    this.#receiver.copies = secure && !parts.egress.straight;
    const onread = { buffer: () => this.#receiver.destination(), callback: this.#read };
    const timer = setTimeout(() => this.#fail('ETIMEDOUT', 'does not answer'), WEB_SEED_CONNECT_TIMEOUT_MS);
    this.#opening = openSource(parts.egress, target, {
      refusal: parts.refusal,
      onread,
      opened: (socket) => {
        clearTimeout(timer);
        this.#opened(socket, target.host);
      },
      failed: (error) => {
        clearTimeout(timer);
        this.#failed(error);
        this.#closed();
      },
    });
    this.#timer = timer;
  }

  /** Sends a request. */
  send(request: string): void {
    if (this.#socket === undefined) this.#unsent += request;
    else this.#socket.write(request, 'latin1');
  }

  /** The sink has room again. */
  resume(): void {
    this.#receiver.resume();
    if (this.#receiver.reads) this.#socket?.resume();
  }

  close(): void {
    this.#receiver.stop();
    if (this.#socket !== undefined) this.#socket.destroy();
    else if (this.#opening !== undefined) {
      clearTimeout(this.#timer);
      this.#opening.destroy();
      this.#opening = undefined;
      setImmediate(() => this.#closed());
    }
  }

  #opened(socket: Socket, host: string): void {
    this.#opening = undefined;
    this.#socket = socket;
    this.host = this.#parts.egress.reachedHost(socket, host);
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#closed());
    if (this.#unsent !== '') socket.write(this.#unsent, 'latin1');
  }

  #failed({ code = 'ERR_WEB_SEED_CONNECTION', message, address }: DialError): void {
    this.host ??= address;
    this.#end = { code, message: `cannot be reached: ${message === '' ? code : message}` };
  }

  /** Once, and no destination is written to any more. */
  #closed(): void {
    this.#opening = undefined;
    const complete = this.#receiver.closed();
    this.#receiver.stop();
    this.#parts.closed({ ...this.#end, complete });
  }

  readonly #read = (count: number, destination: Uint8Array): boolean => {
    this.#receiver.arrived(count);
    // Who filled a place has more, for the most part: as many places follow as there are.
    const scattered = this.#plain && count === destination.length && this.#readOn();
    // The engine may answer with requests that make room: only then it is known whether to go on.
    this.#parts.received(scattered ? 2 : 1);
    return this.#receiver.reads;
  };

  /** Reads to several places at once. Returns whether that brought anything. */
  #readOn(): boolean {
    const socket = this.#socket;
    if (socket === undefined) return false;
    const count = readScattered(socket, this.#receiver.destinations());
    this.#receiver.scattered(count);
    return count > 0;
  }

  #fail(code: string, message: string): void {
    this.#end = { code, message };
    this.close();
  }
}
