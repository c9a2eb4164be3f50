// The way out: every connection and every packet that leaves a client is opened here, and so are the questions to name
// servers. Directly, bound to an address, or through a proxy: what was chosen holds for all of them, and there is no second
// way. docs/privacy.md tells what that keeps secret; test/network-border.test.ts, that nothing else opens sockets.
import { connect, isIP, type OnReadOpts, Socket } from 'node:net';
import { SourceError } from '../../base/errors.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { HttpConnectHandshake } from '../../protocol/proxy/http-connect.ts';
import type { ProxyHandshake } from '../../protocol/proxy/proxy-handshake.ts';
import { Socks5Handshake } from '../../protocol/proxy/socks5-handshake.ts';
import type { DirectRead } from './adopt-socket.ts';
import { LocalBinding } from './local-binding.ts';
import { forbidden, judge, Names, type Refusal } from './names.ts';
import { ProxyConversation } from './proxy-conversation.ts';
import { type ProxySettings, shownProxy } from './proxy-settings.ts';
import { connectSecure, readByChunks, type SecureTarget, secureOver } from './secure-socket.ts';

/** How a client goes out; plain data, so that threads can be told. */
export interface EgressSettings {
  readonly proxy?: ProxySettings | undefined;
  /** An address or an interface that every socket is bound to. */
  readonly bind?: string | undefined;
}

/** A connection that is wanted. */
export interface Outgoing {
  /** A numeric address, or a name. */
  readonly host: string;
  readonly port: number;
  /** Where its bytes are read to; absent: as chunks. */
  readonly onread?: DirectRead | undefined;
  /** Judges every numeric address before it is dialled. Behind a proxy, which resolves them, names cannot be judged. */
  readonly refusal?: Refusal | undefined;
  /** TLS is spoken over it. */
  readonly secure?: SecureTarget | undefined;
  /** It stands, TLS included, and belongs to the caller, without listeners of ours. */
  readonly opened: (socket: Socket) => void;
  /** It cannot be had. Codes: those of the system, ERR_SOURCE_FORBIDDEN, ERR_PROXY_… or ERR_BIND_ADDRESS. */
  readonly failed: (error: NodeJS.ErrnoException) => void;
}

/** A connection on its way. After `destroy` nothing is told of it any more. */
export interface Opening {
  destroy(): void;
}

export class Egress {
  readonly settings: EgressSettings;
  readonly binding: LocalBinding | undefined;
  readonly names: Names;

  constructor(settings: EgressSettings = {}) {
    this.settings = settings;
    this.binding = settings.bind === undefined ? undefined : new LocalBinding(settings.bind);
    this.names = new Names(this.binding);
  }

  get proxy(): ProxySettings | undefined {
    return this.settings.proxy;
  }

  /** Neither bound nor through a proxy: connections are the system's own, and TLS reads directly, too. */
  get straight(): boolean {
    return this.proxy === undefined && this.binding === undefined;
  }

  /** Opens a connection. Exactly one of `opened` and `failed` is called, later. */
  connect(to: Outgoing): Opening {
    const { proxy } = this.settings;
    if (isIP(to.host) !== 0) {
      const reason = to.refusal?.(to.host);
      if (reason !== undefined) return later(() => to.failed(forbidden(to.host, reason)));
    }
    if (to.secure !== undefined && !this.straight) return this.#secured(to, to.secure);
    if (proxy === undefined) return this.#direct(to);
    const { host, port, onread, opened, failed } = to;
    let handshake: ProxyHandshake;
    try {
      handshake = handshakeFor(proxy, { host, port });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      return later(() => failed(error));
    }
    return this.converse(handshake, { onread, opened, failed });
  }

  /** At which address a connection ended up that was opened to this host: behind a proxy nobody knows what a name stands for. */
  reachedHost(socket: Socket, host: string): string {
    return this.proxy === undefined ? (socket.remoteAddress ?? host) : host;
  }

  /** Opens a connection to the proxy, which is asked for something else than a connection. */
  converse(handshake: ProxyHandshake, to: Pick<Outgoing, 'onread' | 'opened' | 'failed'>): Opening {
    const proxy = this.settings.proxy!;
    return new ProxyConversation({
      ...to,
      handshake,
      name: shownProxy(proxy),
      open: (onread) => this.#socket({ host: proxy.host, port: proxy.port, onread }),
    });
  }

  #direct(to: Outgoing): Opening {
    const { opened, failed } = to;
    const socket = this.#socket(to);
    const lost = (error: NodeJS.ErrnoException): void => failed(error);
    socket.once('error', lost);
    socket.once(to.secure === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', lost);
      opened(socket);
    });
    return {
      destroy: () => {
        socket.removeAllListeners();
        // It may still fail; nobody waits for it any more.
        socket.on('error', () => undefined);
        socket.destroy();
      },
    };
  }

  /** TLS over a connection that was opened in another way than the system's own. */
  #secured({ secure: _, onread, opened, failed, ...to }: Outgoing, secure: SecureTarget): Opening {
    let stream: Socket | undefined;
    const opening = this.connect({
      ...to,
      failed,
      opened: (socket) => {
        const tls = secureOver(socket, secure);
        stream = tls;
        tls.once('error', failed);
        tls.once('secureConnect', () => {
          tls.off('error', failed);
          if (onread !== undefined) readByChunks(tls, onread);
          opened(tls);
        });
      },
    });
    return {
      destroy: () => {
        opening.destroy();
        // It may still fail; nobody waits for it any more.
        stream?.removeAllListeners('error').on('error', () => undefined);
        stream?.destroy();
      },
    };
  }

  /** A socket on its way to this very address. */
  #socket(to: Pick<Outgoing, 'host' | 'port' | 'onread' | 'refusal' | 'secure'>): Socket {
    if (this.binding !== undefined) return this.#bound(to);
    const { host, port, onread, refusal, secure } = to;
    const options = {
      host,
      port,
      noDelay: true,
      autoSelectFamily: isIP(host) === 0,
      ...(refusal && { lookup: this.names.guarded(refusal) }),
      ...(onread && { onread: onread as OnReadOpts }),
    };
    return secure === undefined ? connect(options) : connectSecure(secure, options);
  }

  /** A name is looked up first: what a socket is bound to depends on the family of its target. */
  #bound({ host, port, onread, refusal }: Pick<Outgoing, 'host' | 'port' | 'onread' | 'refusal'>): Socket {
    // The types forget that a socket takes `onread` before it is connected, too.
    const socket = new Socket((onread && { onread }) as ConstructorParameters<typeof Socket>[0]);
    const binding = this.binding!;
    const dial = async (): Promise<void> => {
      const found = await this.names.addresses(host);
      const judged = refusal === undefined || isIP(host) !== 0 ? found : judge(host, found, refusal);
      if (judged instanceof SourceError) throw judged;
      const { address, family } = judged[0]!;
      const localAddress = binding.address(family === 6 ? 6 : 4);
      if (!socket.destroyed) socket.connect({ host: address, port, localAddress, noDelay: true });
    };
    dial().catch((error: Error) => socket.destroy(error));
    // The address may go in the moment in which it is bound to: that is the system's way of saying so.
    socket.prependOnceListener('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRNOTAVAIL')
        Object.assign(error, { code: binding.gone().code, message: binding.gone().message });
    });
    return socket;
  }
}

/** Sockets that go straight out, for whoever was told nothing else. */
export const DIRECT: Egress = new Egress();

function handshakeFor(proxy: ProxySettings, target: PeerAddress): ProxyHandshake {
  const { kind, credentials } = proxy;
  if (kind === 'http') return new HttpConnectHandshake(target, credentials);
  return new Socks5Handshake({ command: 'connect', target, credentials });
}

function later(act: () => void): Opening {
  const timer = setImmediate(act);
  return { destroy: () => clearImmediate(timer) };
}
