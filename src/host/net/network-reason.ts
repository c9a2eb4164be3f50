// Why a network call failed, in words for people, with the system's code behind them for those who search for it.

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this program may not',
  EADDRINUSE: 'another program listens there; choose another port, or 0 for any free one',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ENOTFOUND: 'there is no host of that name',
  EPERM: 'this program may not',
  ETIMEDOUT: 'it does not answer',
};

/** A reason such as "nobody listens there (ECONNREFUSED)"; the error's own words where the code is not known. */
export function networkReason(error: unknown): string {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  const words = REASONS[code];
  if (words !== undefined) return `${words} (${code})`;
  return message === '' ? code : message;
}
