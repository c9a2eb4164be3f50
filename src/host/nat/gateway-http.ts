// One HTTP exchange with a gateway, for UPnP. What the other side can do is bounded: it is the gateway's own numeric address
// that is dialled, from ours, no redirect is followed, no more is read than a description needs, and it ends in time.
import { request } from 'node:http';
import { XML_BYTES_MAX } from '../../protocol/limits.ts';
import { GATEWAY_HTTP_HEAD_BYTES_MAX, GATEWAY_HTTP_TIMEOUT_MS } from '../limits.ts';
import { LinkedAbort } from '../linked-abort.ts';

export interface GatewayRequest {
  /** Numeric; with a zone where it needs one. */
  readonly host: string;
  readonly port: number;
  /** Our own address. */
  readonly local: string;
  readonly path: string;
  /** What the Host header says: gateways refuse others, to keep web pages out. */
  readonly authority: string;
  /** A command; absent: something is fetched. */
  readonly command?: { readonly action: string; readonly body: Uint8Array };
  readonly signal: AbortSignal;
}

/** Resolves to the body of an answer, faults of commands included; `undefined` for whatever else happens. */
export function askGateway(ask: GatewayRequest): Promise<Uint8Array | undefined> {
  const { host, port, local, path, authority, command } = ask;
  const stop = new LinkedAbort(ask.signal, AbortSignal.timeout(GATEWAY_HTTP_TIMEOUT_MS));
  const { signal } = stop;
  const answered = new Promise<Uint8Array | undefined>((resolve) => {
    const headers = { host: authority, connection: 'close', 'user-agent': 'Millrace UPnP/1.1' };
    const sending = request({
      host,
      port,
      path,
      localAddress: local,
      // A connection of its own, which nobody keeps open.
      agent: false,
      setHost: false,
      maxHeaderSize: GATEWAY_HTTP_HEAD_BYTES_MAX,
      signal,
      method: command === undefined ? 'GET' : 'POST',
      headers:
        command === undefined
          ? headers
          : {
              ...headers,
              'content-type': 'text/xml; charset="utf-8"',
              soapaction: command.action,
              'content-length': command.body.length,
            },
    });
    const end = (body: Uint8Array | undefined): void => {
      sending.destroy();
      resolve(body);
    };
    sending.on('error', () => end(undefined));
    sending.on('response', (response) => {
      const { statusCode } = response;
      if (statusCode !== 200 && !(statusCode === 500 && command !== undefined)) return end(undefined);
      const body = new Uint8Array(XML_BYTES_MAX);
      let length = 0;
      response.on('data', (chunk: Uint8Array) => {
        if (length + chunk.length > XML_BYTES_MAX) return end(undefined);
        body.set(chunk, length);
        length += chunk.length;
      });
      response.on('end', () => end(response.complete ? body.slice(0, length) : undefined));
      response.on('error', () => end(undefined));
      response.on('close', () => end(undefined));
    });
    sending.end(command?.body);
  });
  return answered.finally(() => stop.release());
}
