// The guest: Millrace's engine in a JavaScript engine that has no Node, no timers and no piece memory. Its exports are
// all that the host can call; they take numbers, strings and ArrayBuffers.
import { Bitfield } from '#src/base/bitfield.ts';
import { StorageError } from '#src/base/errors.ts';
import { SlotLedger } from '#src/engine/memory/slot-ledger.ts';
import { PRIORITY_NORMAL } from '#src/engine/picker/piece-picker.ts';
import { Session } from '#src/engine/session/session.ts';
import { Geometry } from '#src/engine/torrent/geometry.ts';
import type { Torrent } from '#src/engine/torrent/torrent.ts';
import { infoHashBytes } from '#src/protocol/metainfo/info-hash.ts';
import type { Metainfo } from '#src/protocol/metainfo/metainfo.ts';
import { parseMetainfo } from '#src/protocol/metainfo/parse-metainfo.ts';
import type { HostFunctions } from './host-functions.ts';
import { bufferOf, noTrackers, peerPort, storagePort } from './host-ports.ts';

declare const host: HostFunctions;

const PEERS_MAX = 50;

let session: Session;
const metainfos: Metainfo[] = [];
const torrents: Torrent[] = [];

const sha1 = (bytes: Uint8Array): Uint8Array => new Uint8Array(host.sha1(bufferOf(bytes)));
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(host.sha256(bufferOf(bytes)));

/** Begins, over `frames` frames of piece memory that the host has and the engine never sees. */
export function start(frames: number, writeBehindBytes: number): void {
  const peerId = new Uint8Array(20).map(() => Math.floor(host.random() * 256));
  session = new Session({
    clock: { nowMs: () => host.nowMs() },
    random: { next: () => host.random() },
    ledger: new SlotLedger(frames),
    peers: peerPort(host),
    storage: storagePort(host),
    trackers: noTrackers,
    peerId,
    clientName: 'Millrace in QuickJS',
    sha1,
    peersMax: PEERS_MAX,
    listenPort: () => 0,
    pex: false,
    writeBehindBytes,
  });
}

/** Takes in a torrent file; returns the torrent's ticket. */
export function add(file: ArrayBuffer): number {
  const metainfo = parseMetainfo(new Uint8Array(file), { sha1, sha256 });
  const ticket = metainfos.push(metainfo) - 1;
  const { files, totalBytes, pieceBytes, pieceHashes } = metainfo;
  host.open(ticket, JSON.stringify({ files, totalBytes, pieceBytes, preallocate: false }), bufferOf(pieceHashes));
  return ticket;
}

/** The torrent's files are open, and empty: it begins to download. */
export function opened(ticket: number, store: number): void {
  const metainfo = metainfos[ticket]!;
  const geometry = new Geometry(metainfo.totalBytes, metainfo.pieceBytes);
  const spec = {
    infoHash: infoHashBytes(metainfo.infoHash),
    geometry,
    store,
    had: new Bitfield(geometry.pieceCount),
    priorities: new Uint8Array(geometry.pieceCount).fill(PRIORITY_NORMAL),
    sequential: false,
    tiers: [],
    seed: true,
    infoBytes: metainfo.infoBytes,
    private: metainfo.private,
  };
  const torrent = session.add(spec, {
    phaseChanged: (phase) => host.phase(ticket, phase),
    pieceVerified: (piece) => host.verified(ticket, piece),
    warned: ({ code, message }) => host.warned(ticket, code, message),
    failed: ({ code, message }) => host.warned(ticket, code, message),
    goalReached: () => undefined,
  });
  torrents[ticket] = torrent;
  torrent.dispatch({ type: 'resume' });
}

export function suggest(ticket: number, address: string, port: number): void {
  session.dialler.suggest(torrents[ticket]!, [{ host: address, port }]);
}

export function tick(): void {
  session.tick();
}

export function close(ticket: number): void {
  torrents[ticket]!.dispatch({ type: 'close' });
}

/** 1 when nothing of the torrent is in memory or on its way. */
export function settled(ticket: number): number {
  return Number(torrents[ticket]!.settled);
}

// PeerSink.

export function connected(link: number, address: string): void {
  session.connected(link, address === '' ? undefined : address);
}

export function incoming(link: number, address: string, port: number): void {
  session.incoming(link, { host: address, port });
}

export function handshake(link: number, bytes: ArrayBuffer): void {
  session.handshake(link, new Uint8Array(bytes));
}

export function requests(link: number, batch: ArrayBuffer, count: number): void {
  session.requests(link, new Int32Array(batch), count);
}

export function message(link: number, id: number, bytes: ArrayBuffer): void {
  session.message(link, id, new Uint8Array(bytes));
}

export function keepAlive(link: number): void {
  session.keepAlive(link);
}

export function messagesDone(link: number): void {
  session.messagesDone(link);
}

export function blocks(batch: ArrayBuffer, count: number): void {
  session.blocks(new Int32Array(batch), count);
}

export function served(link: number, count: number): void {
  session.served(link, count);
}

export function closed(link: number, code: string, message: string): void {
  session.closed(link, { code, message });
}

// StorageSink.

export function runsStored(batch: ArrayBuffer, count: number): void {
  session.runsStored(new Int32Array(batch), count);
}

export function blocksDiffered(batch: ArrayBuffer, count: number): void {
  session.blocksDiffered(new Int32Array(batch), count);
}

export function blocksRead(batch: ArrayBuffer, count: number): void {
  session.blocksRead(new Int32Array(batch), count);
}

export function storageFailed(store: number, code: string, message: string): void {
  session.storageFailed(store, new StorageError(code, message));
}
