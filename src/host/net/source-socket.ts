// Connections to trackers and web seeds: the one place where they are opened. A name is looked up, and every address that it
// stands for is judged, in the moment of the connection: what is dialled is what was judged (engine/discovery/source-guard.ts).
import { lookup } from 'node:dns';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SourceError } from '../../base/errors.ts';
import type { DirectRead } from './adopt-socket.ts';

export interface SourceTarget {
  /** A name or a numeric address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Whose certificate is expected, when `host` is an address that was looked up already. */
  readonly serverName?: string;
}

export interface SourceDial {
  /** Why this numeric address must not be dialled; `undefined` when it may. */
  readonly refusal: (host: string) => string | undefined;
  /** Reads straight to where the caller says; absent: as chunks. */
  readonly onread?: DirectRead;
}

/** Opens a connection. It fails, with a SourceError ERR_SOURCE_FORBIDDEN, when no address of the host may be dialled. */
export function openSource(target: SourceTarget, dial: SourceDial): Socket {
  const { host, port, secure, serverName = host } = target;
  const refusal = isIP(host) === 0 ? undefined : dial.refusal(host);
  const options = {
    host,
    port,
    noDelay: true,
    autoSelectFamily: isIP(host) === 0,
    // A numeric address is not looked up, unless it has to be refused: every failure then comes the same way.
    lookup: refusal === undefined ? guardedLookup(dial) : refuse(host, refusal),
    ...(refusal !== undefined && { host: 'refused.invalid' }),
    ...(dial.onread && { onread: dial.onread }),
  };
  if (!secure) return connect(options as Parameters<typeof connect>[0] & object);
  return connectTls({
    ...options,
    ...(isIP(serverName) === 0 && { servername: serverName }),
    ALPNProtocols: ['http/1.1'],
  });
}

/** Looks a name up and leaves out what must not be dialled. */
function guardedLookup({ refusal }: SourceDial): LookupFunction {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      let reason: string | undefined;
      const allowed = addresses.filter(({ address }) => {
        const why = refusal(address);
        reason ??= why;
        return why === undefined;
      });
      if (allowed.length === 0) return callback(forbidden(name, reason ?? 'it has no address'), []);
      if (options.all) return callback(null, allowed);
      callback(null, allowed[0]!.address, allowed[0]!.family);
    });
  };
}

function refuse(host: string, reason: string): LookupFunction {
  return (_name, _options, callback) => process.nextTick(callback, forbidden(host, reason), []);
}

/** The kind of error that a look-up fails with, so that sockets pass it on. */
function forbidden(host: string, reason: string): SourceError {
  return new SourceError('ERR_SOURCE_FORBIDDEN', `${host} is not asked: ${reason}`);
}
