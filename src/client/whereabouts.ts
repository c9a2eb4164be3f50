// Where a torrent's files are: in which folder, and by which names, when the user gave some of them others. Moving and
// renaming go on while the torrent runs; what the disk refuses leaves everything as it was.
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { InputError, type StorageError } from '../base/errors.ts';
import { MOVE_DONE, MOVE_STOP, MOVE_TOTAL, type MoveControl } from '../host/disk/file-mover.ts';
import { PATH_BYTES_MAX } from '../protocol/limits.ts';
import type { MetainfoFile } from '../protocol/metainfo/metainfo.ts';
import { safeName } from '../protocol/metainfo/safe-path.ts';
import type { Core } from './core.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import type { ResumeKeeper } from './resume-keeper.ts';
import type { TorrentClaim } from './torrent-claim.ts';
import type { MoveOptions, TorrentWarning } from './types.ts';

/** Paths by file index, for files that have another name than the torrent gives them. */
export type RenamedFiles = ReadonlyMap<number, string>;

const NOTHING_RENAMED: RenamedFiles = new Map();

/** What moving works with; the store is there once the torrent is open. */
export interface MoveParts {
  readonly core: Core;
  readonly store: number;
  readonly resume: ResumeKeeper;
  readonly claim: TorrentClaim;
  /** Ends a move half way. */
  readonly abort: AbortController;
  readonly warn: (warning: TorrentWarning) => void;
}

export class Whereabouts {
  /** Absolute path of the folder that holds the files. */
  directory: string;
  readonly #original: readonly MetainfoFile[];
  #renamed: RenamedFiles = NOTHING_RENAMED;
  #files: readonly MetainfoFile[];
  #control: MoveControl | undefined;
  /** Settles when the last move is over, resume data and all. */
  settled: Promise<void> = Promise.resolve();

  constructor(directory: string, files: readonly MetainfoFile[]) {
    this.directory = path.resolve(directory);
    this.#original = files;
    this.#files = files;
  }

  /** The torrent's files by the names that they have now. */
  get files(): readonly MetainfoFile[] {
    return this.#files;
  }

  get renamed(): RenamedFiles {
    return this.#renamed;
  }

  /** Share of the bytes that are moved; `undefined` while nothing moves. */
  get moved(): number | undefined {
    const control = this.#control;
    return control && (control[MOVE_TOTAL] === 0 ? 0 : control[MOVE_DONE]! / control[MOVE_TOTAL]!);
  }

  /** Takes over names that were saved; when any of them does not fit, none. */
  restore(renamed: RenamedFiles): void {
    const files = this.#withNames(renamed);
    for (const [index, name] of renamed) if (obstacleTo(files, index, name) !== undefined) return;
    this.#renamed = renamed;
    this.#files = files;
  }

  /** Throws InputError ERR_MOVE_EXISTS when something is in the way, StorageError when the disk refuses. */
  move(directory: string, parts: MoveParts, options: MoveOptions): Promise<void> {
    return this.#inTurn(() => this.#move(directory, parts, options));
  }

  /** Throws InputError ERR_SELECT_FILE, ERR_RENAME_PATH, ERR_MOVE_EXISTS, and StorageError when the disk refuses. */
  rename(index: number, name: string, parts: MoveParts): Promise<void> {
    return this.#inTurn(() => this.#rename(index, name, parts));
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.settled.then(act);
    this.settled = done.catch(() => undefined);
    return done;
  }

  async #move(directory: string, parts: MoveParts, { overwrite = false }: MoveOptions): Promise<void> {
    const target = path.resolve(directory);
    if (await isSameFolder(target, this.directory)) return;
    const before = this.directory;
    parts.claim.take(target);
    try {
      await this.#pass({ directory: target }, parts, { overwrite, renamed: this.#renamed });
      this.directory = target;
      await parts.resume.moved(before);
      parts.core.moves.drop(parts.resume.infoHash);
    } finally {
      parts.claim.keepOnly(this.directory);
    }
  }

  async #rename(index: number, name: string, parts: MoveParts): Promise<void> {
    this.#require(index, name);
    if (this.#files[index]!.path === name) return;
    const renamed = new Map(this.#renamed);
    if (this.#original[index]!.path === name) renamed.delete(index);
    else renamed.set(index, name);
    const files = this.#withNames(renamed);
    await this.#pass({ files }, parts, { overwrite: false, renamed });
    this.#renamed = renamed;
    this.#files = files;
    await parts.resume.save();
    parts.core.moves.drop(parts.resume.infoHash);
  }

  async #pass(
    to: { readonly directory: string } | { readonly files: readonly MetainfoFile[] },
    { core, store, resume, abort: { signal }, warn }: MoveParts,
    { overwrite, renamed }: { readonly overwrite: boolean; readonly renamed: RenamedFiles },
  ): Promise<void> {
    const control = new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT));
    const stop = (): void => {
      control[MOVE_STOP] = 1;
    };
    const note = { file: core.moves.fileOf(resume.infoHash), renamed: [...renamed] };
    signal.throwIfAborted();
    signal.addEventListener('abort', stop);
    this.#control = control;
    try {
      const left = await core.pool.move(store, to, { overwrite, control, note });
      if (left !== '') warn({ code: 'ERR_MOVE_LEFT', message: `what was moved could not be deleted: ${left}` });
    } finally {
      this.#control = undefined;
      signal.removeEventListener('abort', stop);
    }
  }

  #require(index: number, name: string): void {
    const file = this.#files[index];
    if (file === undefined || file.pad) throw new InputError('ERR_SELECT_FILE', `there is no file ${index} to rename`);
    const refusal = obstacleTo(this.#files, index, name);
    if (refusal !== undefined) throw refusal;
  }

  #withNames(renamed: RenamedFiles): readonly MetainfoFile[] {
    if (renamed.size === 0) return this.#original;
    return this.#original.map((file, index) => ({ ...file, path: renamed.get(index) ?? file.path }));
  }
}

/** Why a file cannot have this name. */
function obstacleTo(
  files: readonly MetainfoFile[],
  index: number,
  name: string,
): InputError | StorageError | undefined {
  const isPlain = name
    .split('/')
    .every((part) => part !== '' && safeName(part, metainfoPorts.nameRules ?? 'portable') === part);
  if (!isPlain || Buffer.byteLength(name) > PATH_BYTES_MAX) {
    return new InputError(
      'ERR_RENAME_PATH',
      `"${name}" is no path below the download folder that every system can read`,
    );
  }
  const taken = files.some((other, at) => {
    if (at === index || other.pad) return false;
    return other.path === name || other.path.startsWith(`${name}/`) || name.startsWith(`${other.path}/`);
  });
  return taken ? new InputError('ERR_MOVE_EXISTS', `another file of the torrent is at ${name}`) : undefined;
}

/** Also when one path leads there over a link. */
async function isSameFolder(a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const real = await Promise.all([a, b].map((folder) => realpath(folder).catch(() => folder)));
  return real[0] === real[1];
}
