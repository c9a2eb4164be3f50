// A torrent of the public library: the user's handle. It opens the store, finds out what is there already, gives the
// rest to the engine, and keeps resume data.
import { Bitfield } from '../base/bitfield.ts';
import { MillraceError, StorageError } from '../base/errors.ts';
import type { MetadataFetch } from '../engine/metadata/metadata-fetch.ts';
import type { LinkId } from '../engine/ports.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import type { TorrentPhase } from '../engine/torrent/torrent-spec.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { bootId } from './boot-id.ts';
import { checkAddOptions, checkSeedGoal } from './client-options.ts';
import { nextDone, removedError } from './completion.ts';
import type { Core } from './core.ts';
import { findExisting } from './existing-pieces.ts';
import { loopTurns } from './loop-turns.ts';
import { ResumeKeeper } from './resume-keeper.ts';
import { Settlement } from './settlement.ts';
import { checkStore, openStore, recheckStill } from './storage-operations.ts';
import { progressView } from './swarm-view.ts';
import { TorrentClaim } from './torrent-claim.ts';
import { TorrentContent } from './torrent-content.ts';
import { tally, torrentLayout, torrentSpec } from './torrent-layout.ts';
import { TorrentLimits } from './torrent-limits.ts';
import { type StandingSources, standingReader } from './torrent-standing.ts';
import type {
  AddOptions,
  SeedGoal,
  SeedGoalReached,
  TorrentLimitChanges,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
} from './types.ts';
import type { MoveParts } from './whereabouts.ts';

/**
 * A torrent that was added to a Client: `Client.add` makes it. Emits the events of `TorrentEvents`; nothing has to be
 * done in them. Methods do nothing to a torrent whose state is `removed`.
 */
export class Torrent extends TorrentContent {
  readonly #core: Core;
  readonly #options: AddOptions;
  readonly #limits: TorrentLimits = new TorrentLimits();
  readonly #resume: ResumeKeeper;
  readonly #settlement: Settlement;
  readonly #claim: TorrentClaim;
  #state: TorrentState = 'opening';
  #engine: EngineTorrent | undefined;
  #store: number | undefined;
  #checked = 0;
  #error: MillraceError | undefined;
  #paused = false;
  #opening: Promise<void>;
  #closing: Promise<void> | undefined;
  /** `done` was emitted and nothing became missing since. */
  #done = false;
  /** Settles when the files of what is complete were looked at. */
  #proof: Promise<void> = Promise.resolve();
  #forerunner: MetadataFetch | undefined;
  readonly #abort = new AbortController();
  readonly #warn = (warning: TorrentWarning) => this.emit('warning', warning);

  /** @internal Made by `Client.add`. `forerunner` found the metadata; its peers become this torrent's. */
  constructor(core: Core, metainfo: Metainfo, options: AddOptions, forerunner?: MetadataFetch) {
    super(core, metainfo, options);
    this.#forerunner = forerunner;
    this.#core = core;
    this.#options = options;
    this.#limits.set(options);
    checkAddOptions(options);
    this.#settlement = new Settlement(this.geometry.pieceCount);
    this.#claim = new TorrentClaim(metainfo, core.lockFolder);
    this.#resume = new ResumeKeeper({
      store: core.resume,
      infoHash: metainfo.infoHash,
      directory: () => this.directory,
      warn: this.#warn,
      ...standingReader(core.pool, () => this.#sources()),
    });
    core.sweep.join(this.#resume);
    this.#opening = this.#open().catch((error: unknown) => this.#fail(error));
  }

  /** 40 lower-case hexadecimal digits. */
  get infoHash(): string {
    return this.metainfo.infoHash;
  }

  /** The torrent's name: that of its file or top folder, and safe as such. */
  get name(): string {
    return this.metainfo.name;
  }

  /** Where the torrent is in its life; the event `state` tells of changes. */
  get state(): TorrentState {
    return this.#state;
  }

  /** What stopped the torrent, while `state` is `error`. */
  get error(): MillraceError | undefined {
    return this.#error;
  }

  /** A snapshot of the progress; cheap enough for a display that asks ten times a second. */
  progress(): TorrentProgress {
    const { wanted } = this.priorities;
    const { moved } = this.whereabouts;
    const own = { state: this.#state, checked: this.#checked, moved, uploadedBefore: this.#resume.uploadedBytes };
    return progressView(this.#engine, tally(this.geometry, wanted, this.had()), own);
  }

  /** @internal */
  protected get running(): EngineTorrent | undefined {
    return this.#engine;
  }

  /** @internal */
  protected get store(): number | undefined {
    return this.#store;
  }

  /** @internal */
  protected failure(): MillraceError | undefined {
    return this.#state === 'removed' ? removedError() : this.#error;
  }

  /** @internal */
  protected whenOpen(act: (engine: EngineTorrent, core: Core) => void): void {
    void this.#opening.then(() => this.#engine && act(this.#engine, this.#core));
  }

  /** @internal */
  protected isEncrypted(link: LinkId): boolean {
    return this.#core.host.encrypted(link);
  }

  /** Changes this torrent's limits on rates, peers and upload slots; those of the client hold as well. Throws InputError ERR_CLIENT_OPTION. */
  limit(limits: TorrentLimitChanges): void {
    this.#limits.set(limits, this.#engine);
  }

  /** When to stop seeding, instead of what was said before; `undefined`: never. Throws InputError ERR_CLIENT_OPTION. */
  setSeedGoal(goal: SeedGoal | undefined): void {
    checkSeedGoal(goal);
    void this.#opening.then(() => this.#engine?.dispatch({ type: 'seed-goal', goal }));
  }

  /** Disconnects everybody and tells the trackers, after a check that runs. Resolves when resume data is saved. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#opening;
    this.#engine?.dispatch({ type: 'pause' });
    await this.#resume.save();
  }

  /** Goes on after `pause`, or after an error whose reason is gone; when it fails again, `state` is `error` again. */
  async resume(): Promise<void> {
    this.#paused = false;
    await this.#opening;
    // What others did to the files is only known when they are hashed; `error` tells when that fails.
    if (this.#error?.code === 'ERR_STORAGE_CHANGED') return await this.recheck().catch(() => undefined);
    // What the disk was given before it refused fails now: told after this, it would stop what has just gone on.
    const { store } = this;
    if (store !== undefined && this.#error !== undefined && this.#closing === undefined) {
      await this.#core.pool.flush(store);
    }
    this.#error = undefined;
    if (this.#engine === undefined && this.#closing === undefined) {
      this.#opening = this.#open().catch((error: unknown) => this.#fail(error));
      await this.#opening;
      return;
    }
    if (this.#engine !== undefined) this.placement?.follow(this.priorities.selected, this.#engine);
    await this.placement?.settled;
    if (this.#error === undefined) this.#engine?.dispatch({ type: 'resume' });
  }

  /** @internal */
  protected async moveParts(): Promise<MoveParts | undefined> {
    await this.#opening;
    if (this.#closing !== undefined) return undefined;
    const { store } = this;
    const parts = { core: this.#core, resume: this.#resume, claim: this.#claim, abort: this.#abort, warn: this.#warn };
    return store === undefined ? undefined : { ...parts, store };
  }

  /**
   * Hashes all files again, on all cores. The peers stay, ask for nothing and get nothing meanwhile, and hear of what was
   * lost; it is fetched again. Rejects with a StorageError.
   */
  async recheck(): Promise<void> {
    await this.#opening;
    const [engine, store] = [this.#engine, this.#store];
    if (engine === undefined || store === undefined || this.#closing !== undefined) return;
    this.#error = undefined;
    this.#setState('checking');
    const checked = recheckStill(this.#core, engine, () => this.#check(store)).then((had) =>
      this.#settlement.rechecked(had),
    );
    this.#opening = checked.then(() => this.#goOn(engine)).catch((error: unknown) => this.#fail(error));
    await this.#opening;
    if (this.#error !== undefined) throw this.#error;
  }

  /**
   * Resolves when every selected file is verified on disk. Rejects with the StorageError that stopped the torrent, with
   * InputError ERR_TORRENT_REMOVED when it is removed or closed, with the signal's reason when that ends the waiting.
   */
  async completed(signal?: AbortSignal): Promise<void> {
    await this.placement?.settled;
    if (this.#state === 'seeding' || this.#engine?.intake.download.picker.wantedCount === 0) {
      await this.#proof;
      if (this.#error?.code !== 'ERR_STORAGE_CHANGED') return;
    }
    if (this.#error !== undefined) throw this.#error;
    if (this.#state === 'removed') throw removedError();
    signal?.throwIfAborted();
    await nextDone(this, signal);
  }

  /** Takes the torrent out of its client and forgets its resume data; `deleteFiles`: and what was downloaded, too. */
  remove(options: { readonly deleteFiles?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(true, options.deleteFiles ?? false);
    return this.#closing;
  }

  /** Takes the torrent out of its client, to be continued: saves resume data, tells the trackers for at most two seconds. */
  close(): Promise<void> {
    this.#closing ??= this.#close(false, false);
    return this.#closing;
  }

  async #close(forget: boolean, deleteFiles: boolean): Promise<void> {
    await loopTurns.take();
    this.#abort.abort(removedError());
    this.#core.sweep.leave(this.#resume);
    await this.#opening.then(() => Promise.allSettled([this.placement?.settled, this.whereabouts.settled]));
    await loopTurns.take();
    try {
      if (this.#forerunner !== undefined) this.#core.session.abandon(this.#forerunner);
      if (this.#engine !== undefined) await this.#core.retire(this.#engine);
      await loopTurns.take();
      // What another program is at work on is not ours to forget.
      if (!this.#claim.held) return;
      await (forget ? this.#resume.forget() : this.#resume.save());
      if (forget) await this.#core.metadata.remove(this.metainfo.infoHash);
      if (deleteFiles && this.#store !== undefined) await this.#core.pool.removeFiles(this.#store);
    } finally {
      // Whatever the disk refused: the torrent is gone from this client, and holds nothing any more.
      await this.#closeStore();
      this.#claim.release();
      this.#core.forget(this);
      this.#setState('removed');
    }
  }

  async #closeStore(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    if (store !== undefined) await this.#core.pool.close(store);
  }

  async #open(): Promise<void> {
    this.#setState('opening');
    await loopTurns.take();
    this.#claim.take(this.directory);
    const move = this.#core.moves.recover(this.metainfo.infoHash, this.directory);
    if (move?.kind === 'moved') {
      this.#claim.take(move.plan.to);
      this.whereabouts.directory = move.plan.to;
    }
    const saved = await this.#resume.load(move?.kind === 'moved' ? move.plan.from : undefined);
    await loopTurns.take();
    if (!this.chosen) this.priorities = this.priorities.withSaved(saved?.priorities);
    this.chosen = true;
    const renamed = move?.kind === 'moved' ? new Map(move.plan.renamed) : saved?.renamed;
    this.whereabouts.restore(renamed ?? this.whereabouts.renamed);
    const { files } = this.whereabouts;
    const how = { preallocate: this.#options.preallocate ?? false, selected: this.priorities.selected };
    const layout = torrentLayout({ ...this.metainfo, files }, this.directory, how);
    await this.#closeStore();
    const { store, stats, placement } = await openStore(this.#core, layout, this.geometry);
    this.#store = store;
    this.placement = placement;
    await loopTurns.take();
    const facts = {
      mode: this.#options.existing ?? 'resume',
      geometry: this.geometry,
      files,
      stats,
      saved,
      boot: bootId(),
    };
    const { had, asSaved } = await findExisting(facts, (pieces) => this.#check(store, pieces));
    await loopTurns.take();
    if (this.#closing !== undefined) return;
    this.#settlement.begin(had, saved);
    if (saved?.trackers !== undefined) this.trackerEdits.restore(saved.trackers);
    const standing = { geometry: this.geometry, store, had, priorities: this.priorities.ofPieces };
    const kept = { uploadedBefore: this.#resume.uploadedBytes, banned: saved?.banned ?? [] };
    const tiers = this.trackerEdits.appliedTo(this.metainfo.tiers);
    const spec = torrentSpec({ ...this.metainfo, tiers }, this.#options, { ...standing, ...kept });
    const observer = {
      phaseChanged: (phase: TorrentPhase) => this.#phaseChanged(phase),
      pieceVerified: (piece: number) => this.emit('piece', piece),
      warned: this.#warn,
      failed: (error: StorageError) => this.#fail(error),
      goalReached: (reached: SeedGoalReached) => this.#reachGoal(reached),
    };
    this.#engine = this.#core.session.add(spec, observer, this.#forerunner);
    this.#limits.apply(this.#engine);
    if (move?.kind === 'moved') await this.#settleMove(move.plan.from);
    else if (asSaved && this.priorities.equal(saved?.priorities)) this.#resume.confirm(performance.now());
    this.#forerunner = undefined;
    placement.follow(this.priorities.selected, this.#engine);
    this.#core.session.dialler.suggest(this.#engine, this.#options.peers ?? []);
    await placement.settled;
    if (this.#error === undefined) this.#goOn(this.#engine);
    this.#core.session.dialler.dialFor(this.#engine);
  }

  /** The program was stopped after the files were moved from `before`, and before that was saved. */
  async #settleMove(before: string): Promise<void> {
    await this.#resume.moved(before);
    this.#core.moves.drop(this.metainfo.infoHash);
    this.#claim.keepOnly(this.directory);
    const message = `the program was stopped while the files were being moved; they are in ${this.directory}`;
    this.#warn({ code: 'ERR_MOVE_RESUMED', message });
  }

  #goOn(engine: EngineTorrent): void {
    if (this.#paused) this.#setState('paused');
    else engine.dispatch({ type: 'resume' });
  }

  #sources(): StandingSources | undefined {
    const { whereabouts, priorities, trackerEdits } = this;
    if (this.#engine === undefined || this.#store === undefined) return undefined;
    return { engine: this.#engine, whereabouts, priorities, trackerEdits, settlement: this.#settlement };
  }

  #check(store: number, pieces?: Bitfield): Promise<Bitfield> {
    this.#setState('checking');
    const onShare = (share: number) => (this.#checked = share);
    return checkStore(this.#core, store, { pieces, signal: this.#abort.signal, onShare });
  }

  #phaseChanged(phase: TorrentPhase): void {
    // Whoever is being checked only stands still for it.
    if (phase === 'error' || phase === 'closed' || (phase === 'paused' && this.#state === 'checking')) return;
    this.#error = undefined;
    this.#setState(phase);
    if (phase === 'downloading') this.#done = false;
    if (phase === 'seeding' && !this.#done) {
      this.#done = true;
      this.#proof = Promise.resolve(this.placement?.settled).then(() => this.#prove());
    }
  }

  /** Tells that the torrent is done if its files still are what was written. Who is paused meanwhile is done all the same. */
  async #prove(): Promise<void> {
    // The save looks at the files first: one that somebody changed meanwhile makes an error of it.
    await new Promise<void>((seen) => void this.#resume.save(seen));
    if (this.#error !== undefined) this.#done = false;
    else if (this.#done && this.#state !== 'removed') this.emit('done');
  }

  #reachGoal(reached: SeedGoalReached): void {
    this.#paused = true;
    void this.#resume.save();
    this.emit('goal', reached);
  }

  #fail(error: unknown): void {
    if (this.#closing !== undefined && this.#abort.signal.aborted && !(error instanceof StorageError)) return;
    if (!(error instanceof MillraceError)) throw error;
    this.#error = error;
    void this.#resume.save();
    this.#setState('error');
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  #setState(state: TorrentState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('state', state);
  }

  /** @internal */
  protected had(): Bitfield {
    return this.#engine?.had ?? new Bitfield(this.geometry.pieceCount);
  }
}
