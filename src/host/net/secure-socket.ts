// TLS, for whatever goes out to a web server: over a connection of its own, or over one that leads through a proxy already.
import type { Socket, TcpSocketConnectOpts } from 'node:net';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { nativeCopy } from '../memory/native-copy.ts';
import type { DirectRead } from './adopt-socket.ts';

/** What a secure connection is to be. */
export interface SecureTarget {
  /** Whose certificate is expected: a name, or a numeric address. */
  readonly serverName: string;
}

/** Opens a connection of its own; it stands with `secureConnect`. */
export function connectSecure({ serverName }: SecureTarget, options: TcpSocketConnectOpts): Socket {
  return connect({ ...options, ...common(serverName) });
}

/** Goes on securely over a connection that stands; it stands so with `secureConnect`. */
export function secureOver(socket: Socket, { serverName }: SecureTarget): Socket {
  return connect({ socket, ...common(serverName) });
}

/** Such a socket has no `onread`: what comes is copied once to where it belongs. */
export function readByChunks(stream: Socket, { buffer, callback }: DirectRead): void {
  stream.on('data', (chunk: Uint8Array) => {
    for (let taken = 0; taken < chunk.length; ) {
      const destination = buffer();
      const count = Math.min(destination.length, chunk.length - taken);
      nativeCopy(chunk, taken, count, destination, 0);
      taken += count;
      if (callback(count, destination)) continue;
      stream.pause();
      if (taken < chunk.length) stream.unshift(chunk.subarray(taken));
      return;
    }
  });
}

function common(serverName: string): { servername?: string; ALPNProtocols: string[] } {
  return { ...(isIP(serverName) === 0 && { servername: serverName }), ALPNProtocols: ['http/1.1'] };
}
