// Reads what waits in a plain TCP socket to several places in one call of the kernel. `onread` has one destination a read, and
// the blocks of a body have room for a header between them: read one by one they cost a call and a turn through libuv each.
// Node's sockets have no `readv`, its files do, and to the system both are descriptors. Where a socket has none, nothing is
// read here, and nothing is lost.
import { readvSync } from 'node:fs';
import type { Socket } from 'node:net';
import { descriptorOf } from './adopt-socket.ts';

/**
 * How many bytes were read to `places`, one behind the other. None when none wait. To be called from inside of the socket's own
 * `onread`, when that filled its destination, and never of a secure socket: then nothing of the stream is in between.
 */
export function readScattered(socket: Socket, places: readonly Uint8Array[]): number {
  const fd = descriptorOf(socket);
  if (fd < 0 || places.length === 0) return 0;
  try {
    return readvSync(fd, places);
  } catch (error) {
    // The connection broke, and the system says so once: the socket would hear of a quiet end.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') socket.destroy(error as Error);
    return 0;
  }
}
