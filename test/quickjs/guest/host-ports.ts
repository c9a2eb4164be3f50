// The engine's ports, carried out by the host's functions.
import type { TrackerPort } from '#src/engine/discovery/tracker-port.ts';
import {
  type PeerPort,
  READ_STRIDE,
  REQUEST_STRIDE,
  RUN_STRIDE,
  SERVE_STRIDE,
  type StoragePort,
} from '#src/engine/ports.ts';
import type { HostFunctions } from './host-functions.ts';

/** A buffer that begins and ends with these bytes. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  const whole = byteOffset === 0 && byteLength === buffer.byteLength;
  return (whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}

/** The buffer of a batch, as long as its records. */
function batchOf(batch: Int32Array, integers: number): ArrayBuffer {
  return bufferOf(new Uint8Array(batch.buffer, batch.byteOffset, integers * 4));
}

export function peerPort(host: HostFunctions): PeerPort {
  return {
    connect: (link, address, timeoutMs, infoHash) =>
      host.connect(link, address.host, address.port, timeoutMs, bufferOf(infoHash)),
    share: (infoHash) => host.share(bufferOf(infoHash)),
    unshare: (infoHash) => host.unshare(bufferOf(infoHash)),
    send: (link, bytes) => host.send(link, bufferOf(bytes)),
    limitMessages: (link, bytesMax) => host.limitMessages(link, bytesMax),
    request: (link, batch, count) => host.request(link, batchOf(batch, count * REQUEST_STRIDE), count),
    revoke: (link, piece, begin, cancel) => host.revoke(link, piece, begin, Number(cancel)),
    revokeAll: (link, cancel) => host.revokeAll(link, Number(cancel)),
    serve: (link, batch, count) => host.serve(link, batchOf(batch, count * SERVE_STRIDE), count),
    move: (fromPlace, toPlace) => host.move(fromPlace, toPlace),
    close: (link) => host.close(link),
  };
}

export function storagePort(host: HostFunctions): StoragePort {
  return {
    storeRuns: (batch, count) => host.storeRuns(batchOf(batch, count * RUN_STRIDE), count),
    forgetPiece: (store, piece) => host.forgetPiece(store, piece),
    readBlocks: (batch, count) => host.readBlocks(batchOf(batch, count * READ_STRIDE), count),
  };
}

/** This host talks to no trackers: torrents are added without them, so nobody asks. */
export const noTrackers: TrackerPort = {
  announce: (_ticket, { url }) => {
    throw new Error(`nobody was to ask ${url}`);
  },
  cancel: () => undefined,
};
