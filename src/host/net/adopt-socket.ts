// Accepted sockets have no `onread` option, so a direct destination needs the socket's handle in a new Socket.
// The only file that touches Node's private `_handle`; when it is not there, the caller falls back to chunks.
import { Socket } from 'node:net';

interface WithHandle {
  _handle?: unknown;
}

/** The number by which the system knows a socket's connection, or −1 where it tells none, as on Windows. */
export function descriptorOf(socket: Socket): number {
  return ((socket as unknown as WithHandle)._handle as { readonly fd?: number } | null | undefined)?.fd ?? -1;
}

/** How the adopted socket reads: see `net.Socket`'s `onread`. */
export interface DirectRead {
  readonly buffer: () => Uint8Array;
  readonly callback: (count: number, buffer: Uint8Array) => boolean;
}

/** A socket over the same connection that reads directly, or `undefined` when this Node does not allow it. */
export function adoptSocket(accepted: Socket, onread: DirectRead): Socket | undefined {
  const handle = (accepted as unknown as WithHandle)._handle;
  if (handle === undefined || handle === null) return undefined;
  // The accepted wrapper must not close the handle when it is collected or destroyed.
  (accepted as unknown as WithHandle)._handle = null;
  // Its server counts it as an open connection until it is destroyed, and its `close` never ends before.
  accepted.destroy();
  return new Socket({ handle, onread } as unknown as ConstructorParameters<typeof Socket>[0]);
}
