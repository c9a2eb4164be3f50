// Puts another receive path under the product: its sockets read into one buffer, or by chunks, instead of where the
// receiver says. The third copy, from there to the place, is the receiver's own fallback.
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { PeerLink } from '#src/host/net/peer-link.ts';
import { OldChunkList } from './old-chunk-list.ts';
import type { Copies } from './study-job.ts';

const SCRATCH_BYTES = 256 * 1024;

export function takeReceivePath(copies: Copies): void {
  if (copies === 0) return;
  const scratch = new Uint8Array(SCRATCH_BYTES);
  const links = new WeakMap<net.Socket, PeerLink>();
  const { connect } = net;
  const other = ({ onread: _, ...options }: net.TcpNetConnectOpts): net.Socket => {
    if (copies === 4) return connect(options);
    const read = (count: number, buffer: Uint8Array): boolean => {
      links.get(socket)!.onChunk(buffer.subarray(0, count));
      return true;
    };
    const socket: net.Socket = connect({ ...options, onread: { buffer: scratch, callback: read } });
    return socket;
  };
  net.connect = other as typeof net.connect;
  syncBuiltinESMExports();
  const { attach } = PeerLink.prototype;
  PeerLink.prototype.attach = function (this: PeerLink, socket: net.Socket): void {
    links.set(socket, this);
    attach.call(this, socket);
    if (copies !== 4) return;
    const list = new OldChunkList((message) => this.onChunk(message));
    socket.on('data', (chunk: Buffer) => list.push(chunk));
  };
}
