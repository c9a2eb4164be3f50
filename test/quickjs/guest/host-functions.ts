// What the engine in QuickJS is given by its host, and all of it: functions that take numbers, strings and ArrayBuffers.
// A batch of engine/ports.ts crosses as the buffer of its integers, and every buffer crosses as a copy.

/** The global `host`. The names are those of the ports that they stand for. */
export interface HostFunctions {
  // Time, chance and hashes.
  nowMs(): number;
  random(): number;
  sha1(bytes: ArrayBuffer): ArrayBuffer;
  sha256(bytes: ArrayBuffer): ArrayBuffer;

  // PeerPort.
  connect(link: number, host: string, port: number, timeoutMs: number, infoHash: ArrayBuffer): void;
  share(infoHash: ArrayBuffer): void;
  unshare(infoHash: ArrayBuffer): void;
  send(link: number, bytes: ArrayBuffer): void;
  limitMessages(link: number, bytesMax: number): void;
  request(link: number, batch: ArrayBuffer, count: number): void;
  revoke(link: number, piece: number, begin: number, cancel: number): void;
  revokeAll(link: number, cancel: number): void;
  serve(link: number, batch: ArrayBuffer, count: number): void;
  move(fromPlace: number, toPlace: number): void;
  close(link: number): void;

  // StoragePort.
  storeRuns(batch: ArrayBuffer, count: number): void;
  forgetPiece(store: number, piece: number): void;
  readBlocks(batch: ArrayBuffer, count: number): void;

  // What a client is for an engine in Node: somebody who opens files and hears the news.
  /** Opens the files that `layout` describes, in JSON; answered by `opened` with the same ticket. */
  open(ticket: number, layout: string, pieceHashes: ArrayBuffer): void;
  phase(ticket: number, phase: string): void;
  verified(ticket: number, piece: number): void;
  warned(ticket: number, code: string, message: string): void;
}
