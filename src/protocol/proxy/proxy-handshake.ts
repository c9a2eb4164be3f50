// What is said to a proxy before a connection through it is the target's: pure, one step after the other. What cannot go
// on is thrown as a SourceError whose code tells who failed: ERR_PROXY_… the proxy, so that nobody can be reached for
// now; the name of an errno the target, as if it had been dialled without a proxy.
import { SourceError } from '../../base/errors.ts';

/** Where a proxy is to connect us to. `host` is a numeric address, or a name that the proxy resolves. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** Who we are to the proxy. */
export interface ProxyCredentials {
  readonly user: string;
  readonly password: string;
}

export interface ProxyHandshake {
  /** What is said first. */
  readonly opening: Uint8Array;
  /**
   * Bytes that the proxy has still to say at the least; 0 when all is said. No read may bring more: what comes then is
   * the target's, and goes elsewhere.
   */
  readonly wants: number;
  /** The proxy was told whom to reach: what is slow from here on may be the target. */
  readonly asked: boolean;
  /** Takes in at most `wants` bytes; returns what is to be said next. Throws SourceError. */
  take(bytes: Uint8Array): Uint8Array | undefined;
}

/** Not what such a proxy says. */
export function proxyNonsense(what: string): SourceError {
  return new SourceError('ERR_PROXY_REPLY', what);
}

/** The proxy did its part, the target cannot be reached. */
export function targetFailure(errno: string, what: string): SourceError {
  return new SourceError(errno, `the proxy says: ${what}`);
}

/** A name that no proxy can be told. */
export function unspeakable(host: string): SourceError {
  return new SourceError('ENOTFOUND', `${host.slice(0, 64)} is no name that a proxy can be asked for`);
}
