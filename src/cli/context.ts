// What a command is given: the library, the streams, the environment. Nothing in the commands reaches for `process`.
import type { Clock } from '../base/clock.ts';
import type { Interrupts } from './interrupts.ts';
import type { Library } from './library.ts';

/** Standard output or standard error. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** The world around a command. */
export interface CommandContext {
  readonly library: Library;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly interrupts: Interrupts;
  readonly clock: Clock;
}
