// The network host of a client whose TCP connections live in threads and whose uTP does not: packets come in over the one UDP
// socket that the DHT uses, too, and so uTP stays on the engine's thread. Each link is in one of two hosts, behind this one; who
// is dialled over both is raced here. Why so: docs/decisions/0014-network-threads.md.
import type { DialTarget, LinkEnd, LinkId, PeerAddress, PeerPort, PeerSink, Transport } from '../../../engine/ports.ts';
import { REQUEST_STRIDE, SERVE_STRIDE } from '../../../engine/ports.ts';
import type { PieceMemory } from '../../../protocol/wire/piece-memory.ts';
import type { ReceiveCounters } from '../../../protocol/wire/receive-counters.ts';
import type { StageTimes } from '../../profile/stage-times.ts';
import type { LinkHost } from '../link-host.ts';
import type { NetHost, ReceivedFigures } from '../net-host.ts';
import type { ShardedHost } from '../shard/sharded-host.ts';
import { Transports, type UtpMode } from '../transports.ts';
import { JointDial } from './joint-dial.ts';
import { type JointLinks, JointSink } from './joint-sink.ts';

const CLOSED_HERE: LinkEnd = { code: 'ERR_LINK_CLOSED_HERE', message: 'closed by us' };

export interface JointHostParts {
  readonly tcp: ShardedHost;
  /** On this thread, over the sharded host's piece memory and numbers: `ShardedHost.sharing`. Dials over uTP alone. */
  readonly utp: LinkHost;
  readonly mode: UtpMode;
}

export class JointHost implements NetHost, JointLinks {
  readonly homes: Map<LinkId, Transport> = new Map();
  readonly dials: Map<LinkId, JointDial> = new Map();
  readonly #hosts: { readonly tcp: ShardedHost; readonly utp: LinkHost };
  readonly #transports: Transports;
  #sink: PeerSink | undefined;

  constructor({ tcp, utp, mode }: JointHostParts) {
    this.#hosts = { tcp, utp };
    this.#transports = new Transports(mode);
  }

  start(sink: PeerSink): void {
    this.#sink = sink;
    this.#hosts.tcp.start(new JointSink('tcp', this, sink));
    this.#hosts.utp.start(new JointSink('utp', this, sink));
  }

  get memory(): PieceMemory {
    return this.#hosts.tcp.memory;
  }

  get countersHere(): ReceiveCounters {
    return this.#hosts.tcp.countersHere;
  }

  /** What comes over uTP is counted among that of this thread. */
  get counters(): ReceivedFigures {
    return this.#hosts.tcp.counters;
  }

  get sealedBytes(): number {
    return this.#hosts.tcp.sealedBytes + this.#hosts.utp.sealedBytes;
  }

  get threadTimes(): readonly StageTimes[] {
    return this.#hosts.tcp.threadTimes;
  }

  threadsBusy(): readonly number[] {
    return this.#hosts.tcp.threadsBusy();
  }

  encrypted(link: LinkId): boolean {
    const home = this.homes.get(link) ?? this.dials.get(link)?.leader;
    return home !== undefined && this.#hosts[home].encrypted(link);
  }

  listen(host: string, port: number, ipv6Only = false): Promise<PeerAddress> {
    this.#hosts.utp.listenUtp();
    return this.#hosts.tcp.listen(host, port, ipv6Only);
  }

  share(infoHash: Uint8Array): void {
    this.#hosts.tcp.share(infoHash);
    this.#hosts.utp.share(infoHash);
  }

  unshare(infoHash: Uint8Array): void {
    this.#hosts.tcp.unshare(infoHash);
    this.#hosts.utp.unshare(infoHash);
  }

  connect(link: LinkId, target: DialTarget, timeoutMs: number, infoHash: Uint8Array): void {
    const order = this.#transports.order(target);
    if (order.length === 0) {
      const end = { code: 'EPROTONOSUPPORT', message: `there is no ${target.via} here` };
      setImmediate(() => this.#sink!.closed(link, end));
      return;
    }
    const dial = new JointDial({
      ...{ link, target, timeoutMs, infoHash, order, ports: this.#hosts },
      connected: (host, transport) => this.#sink!.connected(link, host, transport),
      ended: (end) => {
        this.dials.delete(link);
        this.#sink!.closed(link, end);
      },
    });
    this.dials.set(link, dial);
    dial.start();
  }

  settle(link: LinkId, transport: Transport): void {
    const dial = this.dials.get(link);
    if (dial === undefined || dial.leader !== transport) return;
    this.#transports.worked(dial.target, transport);
    this.dials.delete(link);
    this.homes.set(link, transport);
    dial.settle(transport);
  }

  send(link: LinkId, bytes: Uint8Array): void {
    const dial = this.dials.get(link);
    if (dial === undefined) this.#home(link)?.send(link, bytes);
    else if (!dial.say((port) => port.send(link, bytes), bytes.length)) {
      this.#hangUp(link, { code: 'ERR_LINK_SEND_QUEUE', message: 'the peer does not read what it is sent' });
    }
  }

  limitMessages(link: LinkId, bytesMax: number): void {
    const dial = this.dials.get(link);
    if (dial === undefined) this.#home(link)?.limitMessages(link, bytesMax);
    else dial.say((port) => port.limitMessages(link, bytesMax), 0);
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    const home = this.#home(link);
    if (home !== undefined) return home.request(link, batch, count);
    const kept = batch.slice(0, count * REQUEST_STRIDE);
    this.dials.get(link)?.want((port) => port.request(link, kept, count));
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    const home = this.#home(link);
    if (home !== undefined) return home.revoke(link, piece, begin, cancel);
    this.dials.get(link)?.want((port) => port.revoke(link, piece, begin, cancel));
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    const home = this.#home(link);
    if (home !== undefined) return home.revokeAll(link, cancel);
    this.dials.get(link)?.want((port) => port.revokeAll(link, cancel));
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    const home = this.#home(link);
    if (home !== undefined) return home.serve(link, batch, count);
    const kept = batch.slice(0, count * SERVE_STRIDE);
    this.dials.get(link)?.want((port) => port.serve(link, kept, count));
  }

  move(fromPlace: number, toPlace: number): void {
    this.#hosts.tcp.move(fromPlace, toPlace);
  }

  close(link: LinkId): void {
    if (this.dials.has(link)) this.#hangUp(link, CLOSED_HERE);
    else this.#home(link)?.close(link);
  }

  async shutdown(): Promise<void> {
    for (const link of this.dials.keys()) this.#hangUp(link, CLOSED_HERE);
    await Promise.all([this.#hosts.tcp.shutdown(), this.#hosts.utp.shutdown()]);
    // Whoever was being dialled has ended by then.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends a link that is being dialled: it has no places, and nobody else is heard about it any more. */
  #hangUp(link: LinkId, end: LinkEnd): void {
    this.dials.get(link)!.giveUp();
    this.dials.delete(link);
    setImmediate(() => this.#sink!.closed(link, end));
  }

  #home(link: LinkId): PeerPort | undefined {
    const transport = this.homes.get(link);
    return transport === undefined ? undefined : this.#hosts[transport];
  }
}
