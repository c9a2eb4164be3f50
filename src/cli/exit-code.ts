// The exit statuses of every command (a contract: design section 6).

export const EXIT_DONE: number = 0;
export const EXIT_FAILED: number = 1;
export const EXIT_USAGE: number = 2;

/** A run ended by a signal exits as shells expect it: 128 and the signal's number. */
export const EXIT_OF_SIGNAL: Readonly<Record<'SIGHUP' | 'SIGINT' | 'SIGPIPE' | 'SIGTERM', number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGPIPE: 141,
  SIGTERM: 143,
};
