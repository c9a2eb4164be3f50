// Errors of Node's network calls as the engine gets them: a SourceError that names the tracker's host and the reason,
// and never the URL's path, which often holds the user's passkey.
import { SourceError } from '../../base/errors.ts';
import { isOutage } from '../../engine/ports.ts';
import { networkReason } from '../net/network-reason.ts';

/** Whether this came from the operating system, the resolver, TLS or undici: all of them carry a code. */
export function isNetworkFailure(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/**
 * Turns a failed network call into ERR_TRACKER_CONNECT, or into what it says of our own way out: ERR_PROXY_… or
 * ERR_BIND_ADDRESS. Anything else is a bug, and is thrown on.
 */
export function networkFailure(error: unknown, host: string): SourceError {
  if (!isNetworkFailure(error)) throw error;
  if (isOutage(error.code)) return new SourceError(error.code, `${error.message}.`, { cause: error });
  const message = `The tracker ${host} cannot be reached: ${networkReason(error)}`;
  return new SourceError('ERR_TRACKER_CONNECT', message, { cause: error });
}
