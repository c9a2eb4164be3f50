// A torrent of the public library: the user's handle. It opens the store, finds out what is there already, gives the
// rest to the engine, and keeps resume data.
import { EventEmitter } from 'node:events';
import path from 'node:path';
import { Bitfield } from '../base/bitfield.ts';
import { InputError, MillraceError, StorageError } from '../base/errors.ts';
import { Geometry } from '../engine/torrent/geometry.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import type { TorrentPhase } from '../engine/torrent/torrent-spec.ts';
import { type FileStat, statFiles } from '../host/disk/file-stats.ts';
import { infoHashBytes } from '../protocol/metainfo/info-hash.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { peerClient } from '../protocol/peer-id/peer-client.ts';
import type { Core } from './core.ts';
import { stampFiles } from './file-stamp.ts';
import { reconcile } from './reconcile.ts';
import { piecesOf } from './selection.ts';
import { bytesHad, torrentLayout } from './torrent-layout.ts';
import type {
  AddOptions,
  PeerAddress,
  PeerInfo,
  TorrentEvents,
  TorrentFile,
  TorrentProgress,
  TorrentState,
} from './types.ts';

/** How often a running download saves its resume data. */
const SAVE_INTERVAL_MS = 30_000;

/** A torrent that was added to a Client. Emits the events of `TorrentEvents`. */
export class Torrent extends EventEmitter<TorrentEvents> {
  readonly metainfo: Metainfo;
  /** Absolute path of the folder that receives the files. */
  readonly directory: string;
  readonly #core: Core;
  readonly #options: AddOptions;
  readonly #geometry: Geometry;
  #addedMs: number = Date.now();
  #selected: boolean[];
  #wanted: Bitfield;
  #state: TorrentState = 'opening';
  #engine: EngineTorrent | undefined;
  #store: number | undefined;
  #checked = 0;
  #error: MillraceError | undefined;
  #paused = false;
  #uploadedBefore = 0;
  #downloadedBefore = 0;
  #opening: Promise<void>;
  #closing: Promise<void> | undefined;
  readonly #abort = new AbortController();
  #saveTimer: NodeJS.Timeout | undefined;

  /** Made by `Client.add`. */
  constructor(core: Core, metainfo: Metainfo, options: AddOptions) {
    super();
    this.metainfo = metainfo;
    this.directory = path.resolve(options.directory ?? '.');
    this.#core = core;
    this.#options = options;
    this.#geometry = new Geometry(metainfo.totalBytes, metainfo.pieceBytes);
    this.#selected = selectFiles(metainfo, options.select);
    this.#wanted = piecesOf(this.#geometry, metainfo.files, this.#selected);
    this.#opening = this.#open().catch((error: unknown) => this.#fail(error));
  }

  /** 40 hexadecimal digits. */
  get infoHash(): string {
    return this.metainfo.infoHash;
  }

  get name(): string {
    return this.metainfo.name;
  }

  get state(): TorrentState {
    return this.#state;
  }

  /** What stopped the torrent, while `state` is `error`. */
  get error(): MillraceError | undefined {
    return this.#error;
  }

  /** A snapshot of the progress; cheap enough for a display that asks ten times a second. */
  progress(): TorrentProgress {
    const had = this.#had();
    const piecesWanted = this.#wanted.count;
    const { bytesDone, bytesWanted, piecesDone } = this.#tally(had);
    const rate = this.#engine?.intake.rate.bytesPerSecond ?? 0;
    const downloading = this.#state === 'downloading';
    let peers = 0;
    let seeds = 0;
    let uploadRate = 0;
    for (const peer of this.#engine?.swarm.peers() ?? []) {
      if (!peer.ready) continue;
      peers++;
      if (peer.pieces.have.full) seeds++;
      uploadRate += peer.upload.bytesPerSecond;
    }
    return {
      state: this.#state,
      bytesDone,
      bytesWanted,
      piecesDone,
      piecesWanted,
      downloadBytesPerSecond: rate,
      uploadBytesPerSecond: uploadRate,
      uploadedBytes: this.#uploadedBefore + (this.#engine?.upload.totalBytes ?? 0),
      peers,
      seeds,
      ...(downloading && rate >= 1 && { etaSeconds: (bytesWanted - bytesDone) / rate }),
      ...(this.#state === 'checking' && { checked: this.#checked }),
      ...(downloading && rate < 1 && this.#engine !== undefined && { stall: this.#engine.stall() }),
    };
  }

  /** The torrent's files, in the order of the torrent file. */
  files(): readonly TorrentFile[] {
    const had = this.#had();
    return this.metainfo.files.map((file, index) => ({
      index,
      path: file.path,
      length: file.length,
      bytesDone: bytesHad(this.#geometry, had, file),
      selected: this.#selected[index]!,
      pad: file.pad,
    }));
  }

  /** The connected peers. */
  peers(): readonly PeerInfo[] {
    const infos: PeerInfo[] = [];
    for (const peer of this.#engine?.swarm.peers() ?? []) {
      if (!peer.ready) continue;
      infos.push({
        address: peer.address,
        incoming: peer.incoming,
        client: peer.clientName ?? peerClient(peer.peerId),
        progress: peer.pieces.have.length === 0 ? 1 : peer.pieces.have.count / peer.pieces.have.length,
        chokingUs: peer.chokingUs,
        interestedInUs: peer.interestedInUs,
        downloadBytesPerSecond: peer.download.bytesPerSecond,
        uploadBytesPerSecond: peer.upload.bytesPerSecond,
        requestsInFlight: peer.debt.outstanding,
        snubbed: peer.snubbed,
      });
    }
    return infos;
  }

  /** Adds a peer to connect to, at once and again whenever it goes. */
  addPeer(address: PeerAddress): void {
    void this.#opening.then(() => {
      if (this.#engine?.swarm.candidates.add(address, 'user')) this.#core.session.dial();
    });
  }

  /** Chooses the files to download by their indexes. Throws InputError ERR_SELECT_FILE for one that does not exist. */
  select(files: readonly number[]): void {
    this.#selected = selectFiles(this.metainfo, files);
    this.#wanted = piecesOf(this.#geometry, this.metainfo.files, this.#selected);
    this.#engine?.dispatch({ type: 'selected', wanted: this.#wanted });
  }

  /** Disconnects everybody and stops. Resolves when resume data is saved. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#opening;
    this.#engine?.dispatch({ type: 'pause' });
    await this.#save();
  }

  /** Goes on after `pause`, or after an error whose reason is gone. */
  async resume(): Promise<void> {
    this.#paused = false;
    this.#error = undefined;
    await this.#opening;
    if (this.#engine === undefined && this.#closing === undefined) {
      this.#opening = this.#open().catch((error: unknown) => this.#fail(error));
      await this.#opening;
      return;
    }
    this.#engine?.dispatch({ type: 'resume' });
  }

  /** Resolves when every selected file is verified on disk; rejects with what stopped the torrent. */
  completed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.off('done', onDone).off('error', onError).off('state', onState);
        signal?.removeEventListener('abort', onAbort);
      };
      const onDone = (): void => {
        settle();
        resolve();
      };
      const onError = (error: MillraceError): void => {
        settle();
        reject(error);
      };
      const onAbort = (): void => {
        settle();
        reject(signal?.reason as Error);
      };
      const onState = (state: TorrentState): void => {
        if (state === 'removed') onError(new InputError('ERR_TORRENT_REMOVED', 'the torrent was removed'));
      };
      if (this.#state === 'seeding') return resolve();
      if (this.#state === 'removed') return onState('removed');
      if (this.#error !== undefined) return reject(this.#error);
      if (signal?.aborted) return reject(signal.reason as Error);
      signal?.addEventListener('abort', onAbort);
      this.on('done', onDone).on('error', onError).on('state', onState);
      return undefined;
    });
  }

  /** Forgets the torrent and its resume data; `deleteFiles` deletes what was downloaded, too. */
  async remove(options: { readonly deleteFiles?: boolean } = {}): Promise<void> {
    await this.close({ forget: true, deleteFiles: options.deleteFiles ?? false });
  }

  /** Stops for good: `Client.close` calls it. Idempotent. */
  close(options: { readonly forget?: boolean; readonly deleteFiles?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options.forget ?? false, options.deleteFiles ?? false);
    return this.#closing;
  }

  async #close(forget: boolean, deleteFiles: boolean): Promise<void> {
    this.#abort.abort(new InputError('ERR_TORRENT_REMOVED', 'the torrent was removed'));
    clearInterval(this.#saveTimer);
    await this.#opening;
    const { pool, resume } = this.#core;
    if (this.#engine !== undefined) await this.#core.retire(this.#engine);
    if (forget) await resume.remove(this.metainfo.infoHash, this.directory);
    else await this.#save();
    if (this.#store !== undefined) {
      if (deleteFiles) await pool.removeFiles(this.#store);
      await pool.close(this.#store);
      this.#store = undefined;
    }
    this.#core.forget(this);
    this.#setState('removed');
  }

  async #open(): Promise<void> {
    const { pool, session } = this.#core;
    this.#setState('opening');
    const selected = this.#selected;
    const preallocate = this.#options.preallocate ?? false;
    const layout = torrentLayout(this.metainfo, this.directory, { preallocate, selected });
    // What is there is looked at before the store is opened: preallocated zeros are not data.
    const found = (await statFiles(layout)).filter((stat) => stat !== undefined);
    this.#store = await pool.open(layout);
    const had = await this.#findOut(this.#store, found);
    if (this.#closing !== undefined) return;
    const spec = {
      infoHash: infoHashBytes(this.metainfo.infoHash),
      geometry: this.#geometry,
      store: this.#store,
      had,
      wanted: this.#wanted,
      sequential: this.#options.sequential ?? false,
      tiers: this.#options.trackers === false ? [] : this.metainfo.tiers,
      seed: this.#options.seed ?? true,
    };
    this.#engine = session.add(spec, {
      phaseChanged: (phase) => this.#phaseChanged(phase),
      pieceVerified: (piece) => this.emit('piece', piece),
      warned: (warning) => this.emit('warning', warning),
      failed: (error) => this.#fail(error),
    });
    for (const address of this.#options.peers ?? []) this.#engine.swarm.candidates.add(address, 'user');
    if (this.#paused) this.#setState('paused');
    else this.#engine.dispatch({ type: 'resume' });
    session.dial();
  }

  /** The pieces that are on disk already: by trust, by a check, or by resume data where it still fits the files. */
  async #findOut(store: number, stats: readonly FileStat[]): Promise<Bitfield> {
    const { pool, resume } = this.#core;
    const existing = this.#options.existing ?? 'resume';
    const had = new Bitfield(this.#geometry.pieceCount);
    if (existing === 'trust') had.fill();
    let recheck = had;
    if (existing === 'check') {
      recheck = new Bitfield(this.#geometry.pieceCount);
      recheck.fill();
    }
    if (existing === 'resume') {
      const saved = await resume.load(this.metainfo.infoHash, this.directory);
      const layout = { geometry: this.#geometry, files: this.metainfo.files };
      const found = reconcile(layout, saved, stats);
      this.#uploadedBefore = saved?.uploadedBytes ?? 0;
      this.#downloadedBefore = saved?.downloadedBytes ?? 0;
      this.#addedMs = saved?.addedMs ?? this.#addedMs;
      for (let piece = 0; piece < had.length; piece++) if (found.have.has(piece)) had.add(piece);
      recheck = found.recheck;
    }
    if (existing === 'trust' || recheck.count === 0) return had;
    this.#setState('checking');
    const checked = await pool.check(store, {
      pieces: recheck,
      signal: this.#abort.signal,
      onProgress: (done, total) => {
        this.#checked = total === 0 ? 1 : done / total;
      },
    });
    for (let piece = 0; piece < had.length; piece++) if (checked.has(piece)) had.add(piece);
    return had;
  }

  async #save(): Promise<void> {
    if (this.#store === undefined || this.#engine === undefined) return;
    const { pool, resume } = this.#core;
    try {
      // The stamps before the pieces: a piece written in between makes its file look changed, which is safe.
      const stamps = stampFiles(this.metainfo.files, await pool.stat(this.#store));
      const selected = new Bitfield(this.metainfo.files.length);
      for (const [index, chosen] of this.#selected.entries()) if (chosen) selected.add(index);
      await resume.save({
        infoHash: this.metainfo.infoHash,
        directory: this.directory,
        have: this.#had(),
        stamps,
        selected,
        uploadedBytes: this.#uploadedBefore + this.#engine.upload.totalBytes,
        downloadedBytes: this.#downloadedBefore + this.#engine.intake.rate.totalBytes,
        addedMs: this.#addedMs,
      });
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      this.emit('warning', { code: error.code, message: error.message });
    }
  }

  #phaseChanged(phase: TorrentPhase): void {
    if (phase === 'error' || phase === 'closed') return;
    this.#setState(phase);
    clearInterval(this.#saveTimer);
    if (phase === 'downloading') {
      this.#saveTimer = setInterval(() => void this.#save(), SAVE_INTERVAL_MS);
      this.#saveTimer.unref();
    }
    if (phase === 'seeding') {
      void this.#save();
      this.emit('done');
    }
  }

  #fail(error: unknown): void {
    if (this.#closing !== undefined && this.#abort.signal.aborted && !(error instanceof StorageError)) return;
    if (!(error instanceof MillraceError)) throw error;
    this.#error = error;
    clearInterval(this.#saveTimer);
    void this.#save();
    this.#setState('error');
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  #setState(state: TorrentState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('state', state);
  }

  #had(): Bitfield {
    return this.#engine?.had ?? new Bitfield(this.#geometry.pieceCount);
  }

  #tally(had: Bitfield): { bytesDone: number; bytesWanted: number; piecesDone: number } {
    let bytesDone = 0;
    let bytesWanted = 0;
    let piecesDone = 0;
    for (let at = 0; at < this.#geometry.pieceCount; at++) {
      const piece = this.#geometry.pieceIndex(at)!;
      if (!this.#wanted.has(piece)) continue;
      const bytes = this.#geometry.bytesIn(piece);
      bytesWanted += bytes;
      if (!had.has(piece)) continue;
      bytesDone += bytes;
      piecesDone++;
    }
    return { bytesDone, bytesWanted, piecesDone };
  }
}

function selectFiles(metainfo: Metainfo, chosen: readonly number[] | undefined): boolean[] {
  if (chosen === undefined) return metainfo.files.map(() => true);
  const selected = metainfo.files.map(() => false);
  for (const index of chosen) {
    if (selected[index] === undefined) {
      const last = metainfo.files.length - 1;
      throw new InputError('ERR_SELECT_FILE', `there is no file ${index}; the torrent's files are 0 to ${last}`);
    }
    selected[index] = true;
  }
  return selected;
}
