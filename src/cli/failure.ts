// From any thrown value to what a user is told and the status the process exits with.
import { InputError, MillraceError } from '../base/errors.ts';
import type { CommandContext } from './context.ts';
import { EXIT_FAILED, EXIT_USAGE } from './exit-code.ts';
import type { Failure } from './output/reporter.ts';

/** Describes why a command ended. `ifInterrupted` says what a user should know when it was interrupted. */
export function failureOf(error: unknown, context: CommandContext, ifInterrupted: string): Failure {
  if (context.interrupts.signal.aborted) {
    const { exitCode } = context.interrupts;
    return { code: 'ERR_CLI_INTERRUPTED', message: `interrupted; ${ifInterrupted}`, exitCode };
  }
  const stack = context.env['MILLRACE_DEBUG'] && error instanceof Error ? { stack: error.stack ?? '' } : {};
  if (error instanceof MillraceError) {
    const exitCode = error instanceof InputError ? EXIT_USAGE : EXIT_FAILED;
    return { code: error.code, message: error.message, exitCode, ...stack };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isSystemError(error)) return { code: error.code, message, exitCode: EXIT_FAILED, ...stack };
  const hint = 'this is a bug in millrace; MILLRACE_DEBUG=1 shows where';
  return { code: 'ERR_CLI_BUG', message: `${message} (${hint})`, exitCode: EXIT_FAILED, ...stack };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}
