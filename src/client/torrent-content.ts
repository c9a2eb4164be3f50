// The part of the public Torrent that has to do with its files: which are wanted and how urgently, where they are, and what
// is in them.
import type { Readable } from 'node:stream';
import type { Bitfield } from '../base/bitfield.ts';
import type { MillraceError } from '../base/errors.ts';
import { Geometry } from '../engine/torrent/geometry.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { removedError } from './completion.ts';
import type { Core } from './core.ts';
import { FileAccess } from './file-access.ts';
import type { FilePlacement } from './file-placement.ts';
import { choiceOf, FilePriorities, type PriorityChanges } from './file-priorities.ts';
import type { FileRange } from './file-span.ts';
import { fileViews } from './file-view.ts';
import { TorrentSwarm } from './torrent-swarm.ts';
import type { AddOptions, MoveOptions, TorrentFile } from './types.ts';
import { type MoveParts, Whereabouts } from './whereabouts.ts';

export abstract class TorrentContent extends TorrentSwarm {
  /** What the torrent file says. */
  readonly metainfo: Metainfo;
  /** @internal */
  protected readonly geometry: Geometry;
  /** @internal */
  protected readonly whereabouts: Whereabouts;
  /** @internal */
  protected priorities: FilePriorities;
  /** @internal The user said what is wanted: what was saved does not count. */
  protected chosen: boolean;
  /** @internal */
  protected placement: FilePlacement | undefined;
  readonly #access: FileAccess;

  /** @internal */
  constructor(core: Core, metainfo: Metainfo, options: AddOptions) {
    super();
    this.metainfo = metainfo;
    this.whereabouts = new Whereabouts(options.directory ?? '.', metainfo.files);
    this.geometry = new Geometry(metainfo.totalBytes, metainfo.pieceBytes);
    const choice = choiceOf(options, metainfo.files);
    this.priorities = new FilePriorities(this.geometry, metainfo.files).withChoice(choice);
    this.chosen = choice.select !== undefined || choice.priorities !== undefined;
    this.#access = new FileAccess({
      geometry: this.geometry,
      files: metainfo.files,
      events: this,
      had: () => this.had(),
      priorityOf: (file) => this.priorities.of(file),
      pool: core.pool,
      store: () => this.store,
      hurry: (first, last, withinMs) =>
        this.whenOpen((engine) => engine.dispatch({ type: 'awaited', first, last, withinMs })),
      error: () => this.failure(),
    });
  }

  /** @internal The opened files; `undefined` while there are none. */
  protected abstract readonly store: number | undefined;

  /** @internal Pieces that are verified on disk. */
  protected abstract had(): Bitfield;

  /** @internal Why nothing more comes of the torrent, if so. */
  protected abstract failure(): MillraceError | undefined;

  /** @internal Resolves, when the files are open, to what moving them takes; to nothing when the torrent is being closed. */
  protected abstract moveParts(): Promise<MoveParts | undefined>;

  /** Absolute path of the folder that has the files. */
  get directory(): string {
    return this.whereabouts.directory;
  }

  /** A snapshot of the torrent's files, in the order of the torrent file: a file's place is its index for `select`. */
  files(): readonly TorrentFile[] {
    return fileViews(this.whereabouts.files, this.geometry, this.had(), this.priorities);
  }

  /** Chooses the files to download by index, instead of those before. What was downloaded stays. Throws ERR_SELECT_FILE. */
  select(files: readonly number[]): void {
    this.#prioritise(this.priorities.withSelected(files));
  }

  /** Changes how urgently files are wanted, by index; others stay. Throws InputError ERR_SELECT_FILE, ERR_SELECT_PRIORITY. */
  setPriorities(priorities: PriorityChanges): void {
    this.#prioritise(this.priorities.withChanges(priorities));
  }

  #prioritise(priorities: FilePriorities): void {
    this.chosen = true;
    this.priorities = priorities;
    const engine = this.running;
    if (engine === undefined) return;
    this.placement?.follow(priorities.selected, engine);
    engine.dispatch({ type: 'prioritised', priorities: priorities.ofPieces });
  }

  /**
   * A selected file, or a part of it, as a stream of verified bytes that may be read while it downloads: what lies ahead
   * of the reader is fetched first. Fails with what stops the torrent; destroy it to seek. Throws InputError
   * ERR_SELECT_FILE, ERR_FILE_RANGE.
   */
  stream(file: number, range: FileRange = {}): Readable {
    return this.#access.stream(file, range);
  }

  /**
   * Says that a part of a file is needed `withinMs` from now: it is fetched before everything else, from the peers that
   * deliver soonest. `undefined` takes that back. Throws InputError ERR_SELECT_FILE, ERR_FILE_RANGE.
   */
  prioritize(file: number, range: FileRange, withinMs: number | undefined): void {
    this.#access.prioritize(file, range, withinMs);
  }

  /** Moves the files while the torrent runs. When it rejects, with InputError ERR_MOVE_EXISTS or StorageError, nothing moved. */
  async move(directory: string, options: MoveOptions = {}): Promise<void> {
    await this.#rehouse((parts) => this.whereabouts.move(directory, parts, options));
  }

  /** Gives a file another path below the folder. Rejects like `move`, and with InputError ERR_SELECT_FILE, ERR_RENAME_PATH. */
  async renameFile(index: number, name: string): Promise<void> {
    await this.#rehouse((parts) => this.whereabouts.rename(index, name, parts));
  }

  async #rehouse(act: (parts: MoveParts) => Promise<void>): Promise<void> {
    const parts = await this.moveParts();
    if (parts === undefined) return;
    if (this.store === undefined) throw this.failure() ?? removedError();
    await act(parts);
  }
}
