// The torrent file that a command writes: refused before the work, written behind it.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../base/errors.ts';
import type { OutputStream } from './context.ts';
import { exists, unwritable, writableFile } from './directory.ts';

const STANDARD_OUTPUT = '-';

/** Where a torrent file goes: to a path, or with `-` to standard output. */
export class TorrentOutput {
  /** The torrent is to have standard output for itself. */
  readonly isStream: boolean;
  readonly #output: string;
  readonly #replace: boolean;

  constructor(output: string, replace: boolean) {
    this.#output = output;
    this.#replace = replace;
    this.isStream = output === STANDARD_OUTPUT;
  }

  /** Absolute path of the file; `undefined` for standard output. */
  get file(): string | undefined {
    return this.isStream ? undefined : path.resolve(this.#output);
  }

  /**
   * Asked before hashing or searching, so that nobody waits minutes for a refusal.
   * @throws InputError ERR_CLI_USAGE, ERR_CLI_EXISTS, ERR_CLI_OUTPUT
   */
  async check({ json = false }: { readonly json?: boolean | undefined }): Promise<void> {
    if (this.isStream && json) {
      const message = '--json and "-o -" both want standard output: name a file, or leave --json out';
      throw new InputError('ERR_CLI_USAGE', message);
    }
    if (this.isStream) return;
    if (!this.#replace && (await exists(this.#output))) {
      throw new InputError('ERR_CLI_EXISTS', `"${this.#output}" exists: --force replaces it, -o names another file`);
    }
    await writableFile(this.#output);
  }

  /** Throws InputError ERR_CLI_OUTPUT. */
  async write(bytes: Uint8Array, stdout: OutputStream): Promise<void> {
    if (this.isStream) return void stdout.write(bytes);
    try {
      await writeFile(this.#output, bytes, { flag: this.#replace ? 'w' : 'wx' });
    } catch (error) {
      throw unwritable(this.#output, error);
    }
  }
}
