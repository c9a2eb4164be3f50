// The host of links in one thread: implements the engine's PeerPort over node:net and, where it is given UDP sockets, uTP.
// Commands act at once; what comes up goes through `LinkReports`. The engine lives in the same thread, or a shard stands
// between (shard/shard-loop.ts).
import type { DatagramPorts } from '../../engine/datagram-port.ts';
import type { DialTarget, LinkEnd, LinkId, PeerAddress, PeerSink } from '../../engine/ports.ts';
import { BlockReceiver } from '../../protocol/wire/block-receiver.ts';
import type { Frames } from '../../protocol/wire/frames.ts';
import { PieceMemory } from '../../protocol/wire/piece-memory.ts';
import { ReceiveCounters } from '../../protocol/wire/receive-counters.ts';
import { type ReceiverCommons, receiverCommons } from '../../protocol/wire/receiver-commons.ts';
import { NEGOTIATION_READ_BYTES } from '../limits.ts';
import type { Arena } from '../memory/arena.ts';
import type { StageTimes } from '../profile/stage-times.ts';
import { adoptSocket } from './adopt-socket.ts';
import type { SenderCommons } from './block-sender.ts';
import { Dial, type DialParts } from './dial.ts';
import { DIRECT, type Egress } from './egress.ts';
import { Encryption, type EncryptionMode } from './encryption.ts';
import { IncomingNumbers } from './incoming-numbers.ts';
import { LinkOpening } from './link-opening.ts';
import { LinkReports } from './link-reports.ts';
import { mseNodeCrypto } from './mse-node-crypto.ts';
import type { NetHost } from './net-host.ts';
import { type LinkOwner, PeerLink } from './peer-link.ts';
import { SealedBlocks } from './sealed-blocks.ts';
import { SendViews } from './send-views.ts';
import { TcpDoor } from './tcp-door.ts';
import { Transports, type UtpMode } from './transports.ts';
import { UtpEndpoint } from './utp-endpoint.ts';
import type { UtpSocket } from './utp-socket.ts';

const CLOSED_HERE: LinkEnd = { code: 'ERR_LINK_CLOSED_HERE', message: 'closed by us' };
const LEFT: LinkEnd = { code: 'ERR_LINK_CLOSED', message: 'the peer left before it was let in' };

/** Options of a LinkHost. */
export interface LinkHostOptions {
  readonly arena: Arena;
  /** Reads accepted sockets by chunks, with a copy, as on a Node without the private handle. For tests. */
  readonly neverAdopt?: boolean;
  /** Measures the time of decoding and placing. */
  readonly times?: StageTimes;
  /** What is encrypted. Default: `off`. */
  readonly encryption?: EncryptionMode;
  /** Whether links go over uTP, too. Default: `off`. */
  readonly utp?: UtpMode;
  /** UDP sockets for uTP. */
  readonly datagrams?: DatagramPorts;
  /** The way to those whom we dial. Default: straight. */
  readonly egress?: Egress;
  /** Present when other hosts have links over the same piece memory. */
  readonly sharing?: HostSharing;
  /**
   * The engine lives in another thread: strangers wait until it says `admit` or `refuse`, and nothing is heard of a link
   * between its handshake and `resume`, so that the engine can say first what the peer may send.
   */
  readonly engineElsewhere?: boolean;
}

/** What the hosts of one client share. */
export interface HostSharing {
  /** One owner a frame, over all of them. */
  readonly owners: Int32Array;
  readonly numbers: IncomingNumbers;
  readonly counters: ReceiveCounters;
}

/** All links of a client. */
export class LinkHost implements NetHost, LinkOwner {
  readonly counters: ReceiveCounters;
  readonly threadTimes: readonly StageTimes[] = [];
  readonly #frames: Frames;
  readonly #receivers: ReceiverCommons;
  readonly #senders: SenderCommons;
  readonly #links = new Map<LinkId, PeerLink>();
  readonly #neverAdopt: boolean;
  readonly #awaitsEngine: boolean;
  readonly #times: StageTimes | undefined;
  readonly #encryption: Encryption;
  readonly #transports: Transports;
  readonly #utp: UtpEndpoint | undefined;
  readonly #egress: Egress;
  readonly #negotiationBuffer = new Uint8Array(NEGOTIATION_READ_BYTES);
  #sink: PeerSink | undefined;
  #reports: LinkReports | undefined;
  /** Who waits for the last link to end. */
  readonly #whenEmpty: (() => void)[] = [];
  readonly #numbers: IncomingNumbers;
  readonly #door: TcpDoor;

  constructor(options: LinkHostOptions) {
    this.#frames = options.arena.frames;
    this.#senders = { views: new SendViews(this.#frames), sealed: new SealedBlocks() };
    this.#neverAdopt = options.neverAdopt ?? false;
    this.#awaitsEngine = options.engineElsewhere ?? false;
    this.#numbers = options.sharing?.numbers ?? new IncomingNumbers();
    this.#door = new TcpDoor(this.#numbers, this.#knocked);
    this.counters = options.sharing?.counters ?? new ReceiveCounters();
    this.#times = options.times;
    this.#encryption = new Encryption(options.encryption ?? 'off', mseNodeCrypto);
    const { datagrams, utp = 'off' } = options;
    this.#egress = options.egress ?? DIRECT;
    this.#utp = datagrams !== undefined && utp !== 'off' ? new UtpEndpoint(datagrams) : undefined;
    this.#transports = new Transports(this.#utp === undefined ? 'off' : utp);
    this.#receivers = receiverCommons(new PieceMemory(this.#frames, options.sharing?.owners), this.counters);
  }

  threadsBusy(): readonly number[] {
    return [];
  }

  start(sink: PeerSink): void {
    this.#sink = sink;
    this.#reports = new LinkReports(sink);
  }

  get countersHere(): ReceiveCounters {
    return this.counters;
  }

  get memory(): PieceMemory {
    return this.#receivers.memory;
  }

  listen(host: string, port: number, ipv6Only = false): Promise<PeerAddress> {
    this.listenUtp();
    return this.#door.listen(host, port, ipv6Only);
  }

  /** Lets in strangers over uTP. Who does not listen has a UDP socket all the same, to dial from: nobody is answered there. */
  listenUtp(): void {
    if (this.#utp !== undefined) this.#utp.onIncoming = this.#acceptUtp;
  }

  get sealedBytes(): number {
    return this.#senders.sealed.copiedBytes + this.#senders.views.copiedBytes;
  }

  encrypted(link: LinkId): boolean {
    return this.#links.get(link)?.encrypted ?? false;
  }

  share(infoHash: Uint8Array): void {
    this.#encryption.share(infoHash);
  }

  unshare(infoHash: Uint8Array): void {
    this.#encryption.unshare(infoHash);
  }

  connect(link: LinkId, target: DialTarget, timeoutMs: number, infoHash: Uint8Array): void {
    const peerLink = this.#newLink(link);
    if (!(Number.isInteger(target.port) && target.port > 0 && target.port < 65_536)) {
      peerLink.refuse({ code: 'EADDRNOTAVAIL', message: `there is no port ${target.port}` });
      return;
    }
    if (this.#transports.order(target).length === 0) {
      peerLink.refuse({ code: 'EPROTONOSUPPORT', message: `there is no ${target.via} here` });
      return;
    }
    const connected: DialParts['connected'] = (host, transport) => this.#sink!.connected(link, host, transport);
    const [encryption, transports, utp, egress] = [this.#encryption, this.#transports, this.#utp, this.#egress];
    new Dial({ link: peerLink, target, timeoutMs, infoHash, connected, encryption, transports, utp, egress }).start();
  }

  send(link: LinkId, bytes: Uint8Array): void {
    this.#links.get(link)?.send(bytes);
  }

  /** The engine, in another thread, has said what it has to say to a handshake: the link goes on. */
  resume(link: LinkId): void {
    this.#links.get(link)?.resume();
  }

  limitMessages(link: LinkId, bytesMax: number): void {
    this.#links.get(link)?.receiver.limitMessages(bytesMax);
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    this.#links.get(link)?.request(batch, count);
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    const peerLink = this.#links.get(link);
    if (peerLink === undefined) return;
    const length = peerLink.receiver.revoke(piece, begin);
    if (cancel && length > 0) peerLink.sendCancel(piece, begin, length);
    this.settled();
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    const peerLink = this.#links.get(link);
    peerLink?.receiver.revokeEach((piece, begin, length) => {
      if (cancel) peerLink.sendCancel(piece, begin, length);
    });
    this.settled();
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    this.#links.get(link)?.serve(batch, count);
  }

  move(fromPlace: number, toPlace: number): void {
    this.#frames.exchange(toPlace, this.#frames.frameOf(fromPlace));
  }

  close(link: LinkId): void {
    this.#links.get(link)?.close(CLOSED_HERE);
  }

  async shutdown(): Promise<void> {
    const closed: Promise<void>[] = [this.#door.close()];
    for (const link of this.#links.values()) link.close(CLOSED_HERE);
    if (this.#links.size > 0) closed.push(new Promise((resolve) => this.#whenEmpty.push(resolve)));
    await Promise.all(closed);
    await this.#utp?.close();
  }

  received(link: PeerLink): void {
    this.#reports!.readDone(link.id);
  }

  settled(): void {
    this.#reports!.tellBlocksSoon();
  }

  served(link: PeerLink, count: number): void {
    this.#sink!.served(link.id, count);
  }

  ended(link: PeerLink, end: LinkEnd): void {
    // Forgotten first: what the engine answers to its last blocks must not give it a place again.
    this.#links.delete(link.id);
    this.#reports!.tellBlocks();
    this.#sink!.closed(link.id, end);
    if (this.#links.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  readonly #knocked = (id: LinkId, address: PeerAddress): void => {
    if (this.#awaitsEngine) return this.#sink!.incoming(id, address, 'tcp');
    // Nothing is made for one for whom there is no place.
    if (!this.#admits(address)) return this.refuse(id);
    this.#letIn(id, () => this.#sink!.incoming(id, address, 'tcp'));
  };

  /** The engine, in another thread, does not want who came in with this number: it hears no more of him. */
  refuse(id: LinkId): void {
    this.#door.take(id)?.destroy();
  }

  /** The engine, in another thread, has a link of this number from now on. */
  admit(id: LinkId): void {
    this.#letIn(id, () => undefined);
  }

  #letIn(id: LinkId, attached: () => void): void {
    const accepted = this.#door.take(id);
    if (accepted === undefined) return this.#sink!.closed(id, LEFT);
    const link = this.#newStranger(id);
    const direct = { buffer: link.nextDestination, callback: link.onRead };
    const adopted = this.#neverAdopt ? undefined : adoptSocket(accepted, direct);
    link.attach(adopted ?? accepted);
    attached();
    if (adopted === undefined) accepted.on('data', link.onChunk).resume();
  }

  readonly #acceptUtp = (socket: UtpSocket): void => {
    if (!this.#admits(socket.address)) return void socket.destroy();
    const link = this.#newStranger(this.#numbers.next());
    link.attach(socket);
    socket.onPayload = link.onPayload;
    this.#sink!.incoming(link.id, socket.address, 'utp');
  };

  #admits(address: PeerAddress): boolean {
    return this.#sink!.admits?.(address) ?? true;
  }

  /** A link that somebody else dialled. */
  #newStranger(id: LinkId): PeerLink {
    const link = this.#newLink(id);
    const handshake = this.#encryption.incoming();
    if (handshake !== undefined) {
      const opening = new LinkOpening({});
      opening.negotiating = true;
      link.open(opening);
      link.negotiate(handshake);
    }
    return link;
  }

  #newLink(id: LinkId): PeerLink {
    const greeted = (): void => {
      if (this.#awaitsEngine) this.#links.get(id)?.hold();
    };
    const failed = (code: string, message: string): void => this.#links.get(id)?.close({ code, message });
    const receiver = new BlockReceiver(id, this.#reports!.receiverSink(id, greeted, failed), this.#receivers);
    const link = new PeerLink({
      id,
      receiver,
      owner: this,
      senders: this.#senders,
      negotiationBuffer: this.#negotiationBuffer,
      times: this.#times,
    });
    this.#links.set(id, link);
    return link;
  }
}
