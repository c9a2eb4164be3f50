// A small web server for tests of web seeds: files in memory, ranges (RFC 9110), the scripts of BEP 17, and manners that can
// be changed at any time: no ranges, wrong lengths, redirects, refusals, corrupt bytes, connections that end early.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** How a server behaves; what is absent is honest. */
export interface ServerManners {
  /** Sends whole files, whatever range is asked for. */
  rangeless?: boolean;
  /** Says that files have so many bytes more than they have. */
  extraBytes?: number;
  /** Every byte that it sends is wrong from this offset of a file on. */
  corruptFrom?: number;
  /** Answers with this status and nothing else, so many times. */
  refusals?: { status: number; times: number; headers?: Readonly<Record<string, string>>; body?: string };
  /** Redirects every request to the same path there. */
  redirectTo?: string;
  /** Ends each connection after so many answers. */
  answersPerConnection?: number;
  /** Sends bodies in chunks of this size. */
  chunkBytes?: number;
  /** Ends the connection in the middle of a body, after so many bytes of it, so many times. */
  cuts?: { afterBytes: number; times: number };
  /** Begins to answer and says no more. */
  silent?: boolean;
}

/** A request that came in. */
export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export class FileServer {
  readonly manners: ServerManners = {};
  readonly requests: SeenRequest[] = [];
  readonly #files: Map<string, Uint8Array>;
  readonly #pieces: { readonly bytes: Uint8Array; readonly pieceBytes: number } | undefined;
  readonly #server: Server;
  readonly #secure: boolean;
  readonly #answers = new WeakMap<Socket, number>();
  /** Connections that it accepted. */
  connections = 0;

  /** `files` by path, decoded, without a slash in front; `pieces` is what a script of BEP 17 at `/seed` has. */
  constructor(
    files: ReadonlyMap<string, Uint8Array>,
    pieces?: { readonly bytes: Uint8Array; readonly pieceBytes: number },
    tls?: { readonly key: string; readonly cert: string },
  ) {
    this.#files = new Map(files);
    this.#pieces = pieces;
    this.#secure = tls !== undefined;
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response);
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.#server.on('connection', () => this.connections++);
  }

  async listen(host = '127.0.0.1'): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve));
  }

  /** It does not have this file any more. */
  lose(path: string): void {
    this.#files.delete(path);
  }

  /** Where it is, with a slash at the end. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${this.#secure ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}/`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range, authorization } = request.headers;
    const url = new URL(request.url ?? '/', 'http://server');
    this.requests.push({ path: request.url ?? '', range, authorization });
    const { refusals, redirectTo, silent, answersPerConnection } = this.manners;
    const { socket } = request;
    const answered = (this.#answers.get(socket) ?? 0) + 1;
    this.#answers.set(socket, answered);
    if (answersPerConnection !== undefined && answered >= answersPerConnection)
      response.setHeader('connection', 'close');
    if (refusals !== undefined && refusals.times > 0) {
      refusals.times--;
      response.writeHead(refusals.status, refusals.headers).end(refusals.body ?? '');
      return;
    }
    if (redirectTo !== undefined) {
      response.writeHead(302, { location: new URL(request.url ?? '/', redirectTo).href }).end('elsewhere');
      return;
    }
    if (silent) return;
    if (this.#pieces !== undefined && url.pathname === '/seed') return this.#sendPiece(url, response);
    const file = this.#files.get(decodeURIComponent(url.pathname.slice(1)));
    if (file === undefined) response.writeHead(404).end('none');
    else this.#sendFile(file, range, response);
  }

  #sendFile(file: Uint8Array, range: string | undefined, response: ServerResponse): void {
    const { rangeless = false, extraBytes = 0 } = this.manners;
    const match = /^bytes=(\d+)-(\d+)$/.exec(range ?? '');
    const total = file.length + extraBytes;
    if (match === null || rangeless) {
      this.#send(response, 200, {}, { file, from: 0, to: file.length });
      return;
    }
    const from = Number(match[1]);
    const to = Math.min(file.length, Number(match[2]) + 1);
    if (from >= file.length) response.writeHead(416).end();
    else this.#send(response, 206, { 'content-range': `bytes ${from}-${to - 1}/${total}` }, { file, from, to });
  }

  #sendPiece(url: URL, response: ServerResponse): void {
    const { bytes, pieceBytes } = this.#pieces!;
    const start = Number(url.searchParams.get('piece')) * pieceBytes;
    const [first, last] = (url.searchParams.get('ranges') ?? '').split('-').map(Number);
    this.#send(response, 200, {}, { file: bytes, from: start + first!, to: start + last! + 1 });
  }

  #send(
    response: ServerResponse,
    status: number,
    headers: Readonly<Record<string, string>>,
    what: { file: Uint8Array; from: number; to: number },
  ): void {
    const { chunkBytes, corruptFrom, cuts, extraBytes = 0 } = this.manners;
    const body = what.file.slice(what.from, what.to);
    if (corruptFrom !== undefined && what.to > corruptFrom) {
      const first = Math.max(0, corruptFrom - what.from);
      for (let at = first; at < body.length; at++) body[at]! ^= 0xff;
    }
    const framing =
      chunkBytes === undefined ? { 'content-length': String(body.length + (status === 200 ? extraBytes : 0)) } : {};
    response.writeHead(status, { ...headers, ...framing });
    if (cuts !== undefined && cuts.times > 0 && body.length > cuts.afterBytes) {
      cuts.times--;
      response.write(body.subarray(0, cuts.afterBytes), () => response.socket?.destroy());
      return;
    }
    for (let at = 0; chunkBytes !== undefined && at < body.length; at += chunkBytes) {
      response.write(body.subarray(at, at + chunkBytes));
    }
    response.end(chunkBytes === undefined ? body : undefined);
  }
}
