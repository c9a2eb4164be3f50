// The host boundary with a stop watch in it: the same ports and sinks, timed. Put in between only when profiling.
import type { PeerPort, PeerSink, StoragePort, StorageSink } from '../../engine/ports.ts';
import type { Stage, StageTimes } from './stage-times.ts';

function timed<Args extends unknown[]>(
  times: StageTimes,
  stage: Stage,
  call: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    times.enter(stage);
    try {
      call(...args);
    } finally {
      times.leave();
    }
  };
}

/** Times what the engine does with what it hears of connections: `callback`. */
export function timedPeerSink(sink: PeerSink, times: StageTimes): PeerSink {
  return {
    connected: (link, host, transport) => sink.connected(link, host, transport),
    admits: (address) => sink.admits?.(address) ?? true,
    incoming: (link, address, transport) => sink.incoming(link, address, transport),
    handshake: (link, bytes) => sink.handshake(link, bytes),
    message: timed(times, 'callback', (link, id, payload) => sink.message(link, id, payload)),
    keepAlive: (link) => sink.keepAlive(link),
    messagesDone: timed(times, 'callback', (link) => sink.messagesDone(link)),
    blocks: timed(times, 'callback', (batch, count) => sink.blocks(batch, count)),
    requests: timed(times, 'callback', (link, batch, count) => sink.requests(link, batch, count)),
    served: timed(times, 'callback', (link, count) => sink.served(link, count)),
    closed: (link, end) => sink.closed(link, end),
  };
}

/** Times the sending of requests and of blocks: `request`, `serve`. */
export function timedPeerPort(port: PeerPort, times: StageTimes): PeerPort {
  return {
    connect: (link, address, timeoutMs, infoHash) => port.connect(link, address, timeoutMs, infoHash),
    share: (infoHash) => port.share(infoHash),
    unshare: (infoHash) => port.unshare(infoHash),
    send: (link, bytes) => port.send(link, bytes),
    limitMessages: (link, bytesMax) => port.limitMessages(link, bytesMax),
    request: timed(times, 'request', (link, batch, count) => port.request(link, batch, count)),
    revoke: (link, piece, begin, cancel) => port.revoke(link, piece, begin, cancel),
    revokeAll: (link, cancel) => port.revokeAll(link, cancel),
    serve: timed(times, 'serve', (link, batch, count) => port.serve(link, batch, count)),
    move: (fromPlace, toPlace) => port.move(fromPlace, toPlace),
    close: (link) => port.close(link),
  };
}

/** Times the handing over of runs to the disk workers: `store`. */
export function timedStoragePort(port: StoragePort, times: StageTimes): StoragePort {
  return {
    storeRuns: timed(times, 'store', (batch, count) => port.storeRuns(batch, count)),
    forgetPiece: (store, piece) => port.forgetPiece(store, piece),
    readBlocks: timed(times, 'store', (batch, count) => port.readBlocks(batch, count)),
  };
}

/** Times what the engine does with what it hears of the disk: `callback`. */
export function timedStorageSink(sink: StorageSink, times: StageTimes): StorageSink {
  return {
    runsStored: timed(times, 'callback', (batch, count) => sink.runsStored(batch, count)),
    blocksDiffered: (batch, count) => sink.blocksDiffered(batch, count),
    blocksRead: timed(times, 'callback', (batch, count) => sink.blocksRead(batch, count)),
    storageFailed: (store, error) => sink.storageFailed(store, error),
  };
}
