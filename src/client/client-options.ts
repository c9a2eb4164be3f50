// What a Client was asked for, checked and completed by its defaults before anything is started.
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { InputError } from '../base/errors.ts';
import { DHT_HOMES_MAX } from '../engine/dht/limits.ts';
import { SCHEDULINGS, type Scheduling } from '../engine/scheduling/scheduling.ts';
import { isLoopback } from '../engine/swarm/address-scope.ts';
import { RUN_BYTES } from '../engine/torrent/geometry.ts';
import { HASHINGS, type Hashing } from '../host/disk/sha1.ts';
import type { EgressSettings } from '../host/net/egress.ts';
import { parseProxyUrl } from '../host/net/proxy-settings.ts';
import { hostPort } from '../protocol/metainfo/host-port.ts';
import { NET_THREADS_MAX } from './limits.ts';
import type {
  AddOptions,
  ClientOptions,
  EncryptionMode,
  IpFilterSource,
  PeerAddress,
  SeedGoal,
  UtpMode,
} from './types.ts';

const MEMORY_BYTES_DEFAULT: number = 128 * 1024 * 1024;
const MEMORY_BYTES_MIN: number = 4 * RUN_BYTES;
const PEERS_DEFAULT = 200;
const DISK_WORKERS_MAX = 4;
const PORT_MAX = 65_535;
const ANY_IPV4 = '0.0.0.0';
const ANY_IPV6 = '::';
const UTP_MODES: readonly UtpMode[] = ['on', 'off', 'prefer'];
const ENCRYPTION_MODES: readonly EncryptionMode[] = ['allow', 'prefer', 'require', 'off'];

/** Where to listen; `ipv6Too`: on all of IPv6 as well, where this machine has it. */
export interface ListenAddress extends PeerAddress {
  readonly ipv6Too: boolean;
}

/** How the DHT is used. */
export interface DhtSettings {
  /** Well-known nodes; `undefined`: the public routers. */
  readonly nodes: readonly PeerAddress[] | undefined;
  readonly readOnly: boolean;
  /** The client listens on this machine alone: it asks nobody outside, unless told whom. */
  readonly local: boolean;
  /** Addresses of this machine that each are a node (BEP 45). */
  readonly addresses: readonly string[];
}

/** Which ports gateways are asked to open: those of what listens there. */
export interface PortMappingSettings {
  /** An address of this machine, or all of one family. */
  readonly host: string;
  /** At all addresses of both families. */
  readonly bothFamilies: boolean;
}

/** Options of which none is absent. */
export interface ClientSettings {
  readonly listen: ListenAddress | false;
  readonly memoryBytes: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  readonly diskWorkers: number;
  readonly netThreads: number | 'auto';
  readonly peersMax: number;
  readonly ipFilter: IpFilterSource | undefined;
  readonly lsd: boolean;
  readonly pex: boolean;
  readonly dht: DhtSettings | false;
  readonly portMapping: PortMappingSettings | false;
  readonly encryption: EncryptionMode;
  readonly utp: UtpMode;
  readonly allowLocal: boolean;
  /** The way out of all that the client sends. */
  readonly egress: EgressSettings;
  readonly scheduling: Scheduling;
  readonly hashing: Hashing;
  readonly profile: boolean;
}

/** Completes the options. Throws InputError ERR_CLIENT_MEMORY or ERR_CLIENT_OPTION. */
export function clientSettings(given: ClientOptions): ClientSettings {
  const egress = egressSettings(given);
  const options = behindProxy(given, egress);
  const memoryBytes = options.memoryBytes ?? MEMORY_BYTES_DEFAULT;
  if (!(memoryBytes >= MEMORY_BYTES_MIN && Number.isFinite(memoryBytes))) {
    throw new InputError('ERR_CLIENT_MEMORY', `piece memory must be at least ${MEMORY_BYTES_MIN / 1024 / 1024} MiB`);
  }
  const workersDefault = Math.max(1, Math.min(DISK_WORKERS_MAX, availableParallelism() - 1));
  return {
    listen: listenAddress(options.listen, egress.bind),
    memoryBytes,
    downloadBytesPerSecond: checkRate('downloadBytesPerSecond', options.downloadBytesPerSecond ?? 0),
    uploadBytesPerSecond: checkRate('uploadBytesPerSecond', options.uploadBytesPerSecond ?? 0),
    diskWorkers: checkCount('diskWorkers', options.diskWorkers ?? workersDefault),
    netThreads: checkNetThreads(options.netThreads ?? 'auto'),
    peersMax: checkCount('peersMax', options.peersMax ?? PEERS_DEFAULT),
    ipFilter: options.ipFilter,
    lsd: options.lsd ?? true,
    pex: options.pex ?? true,
    dht: dhtSettings(options),
    portMapping: portMappingSettings(options),
    encryption: checkEncryption(options.encryption ?? 'allow'),
    utp: checkUtp(options.utp ?? 'on'),
    allowLocal: options.allowLocal ?? false,
    egress,
    scheduling: checkScheduling(options.scheduling ?? 'immediate'),
    hashing: checkHashing(options.hashing ?? 'auto'),
    profile: options.profile ?? false,
  };
}

/** Returns a rate that can be a limit; 0 is none. Throws InputError ERR_CLIENT_OPTION. */
export function checkRate(name: string, bytesPerSecond: number): number {
  if (bytesPerSecond >= 0 && Number.isFinite(bytesPerSecond)) return bytesPerSecond;
  throw new InputError('ERR_CLIENT_OPTION', `${name} must be 0 (no limit) or more, not ${bytesPerSecond}`);
}

/** Returns an address that can be dialled. Throws InputError ERR_CLIENT_ADDRESS. */
export function checkPeerAddress(address: PeerAddress): PeerAddress {
  // Programs without types pass text as well.
  const { host, port } = Object(address) as PeerAddress;
  if (hostPort(host, port) !== undefined) return address;
  const given = host === undefined ? String(address) : `${host}:${port}`;
  const message = `${given} is not the address of a peer: it needs { host, port }, with a port from 1 to ${PORT_MAX}`;
  throw new InputError('ERR_CLIENT_ADDRESS', message);
}

/** Throws InputError ERR_CLIENT_ADDRESS or ERR_CLIENT_OPTION for options of a torrent that cannot be used. */
export function checkAddOptions({ peers = [], seedGoal }: AddOptions): void {
  for (const address of peers) checkPeerAddress(address);
  checkSeedGoal(seedGoal);
}

/** Throws InputError ERR_CLIENT_OPTION for a goal that makes no sense. */
export function checkSeedGoal(goal: SeedGoal | undefined): void {
  for (const name of ['ratio', 'seconds'] as const) {
    const value = goal?.[name];
    if (value === undefined || (value > 0 && Number.isFinite(value))) continue;
    throw new InputError('ERR_CLIENT_OPTION', `seedGoal.${name} must be above 0, not ${value}`);
  }
}

/** Who cannot be reached need not be asked: without a listening port nobody is answered. */
function dhtSettings({ dht = true, listen, proxy, bind }: ClientOptions): DhtSettings | false {
  if (dht === false) return false;
  const { nodes, readOnly = listen === false, addresses = [] } = dht === true ? {} : dht;
  checkDhtAddresses(addresses, listen);
  if (addresses.length > 0 && (proxy !== undefined || bind !== undefined)) {
    throw new InputError('ERR_CLIENT_OPTION', 'dht.addresses has the DHT go out past proxy and bind: leave it out');
  }
  for (const address of nodes ?? []) checkPeerAddress(address);
  const local = typeof listen === 'object' && isLoopback(listen.host ?? '');
  return { nodes, readOnly, local, addresses };
}

/** Peers come to each of the addresses that the DHT tells of. */
function checkDhtAddresses(addresses: readonly string[], listen: ClientOptions['listen']): void {
  const wrong = addresses.find((host, at) => isIP(host) === 0 || isAnyAddress(host) || addresses.indexOf(host) !== at);
  if (wrong !== undefined || addresses.length > DHT_HOMES_MAX + 2) {
    const most = `at most ${DHT_HOMES_MAX + 2} different numeric addresses`;
    throw new InputError('ERR_CLIENT_OPTION', `dht.addresses must be ${most}, not ${wrong ?? addresses.length}`);
  }
  if (addresses.length === 0 || (listen !== false && isAnyAddress(listen?.host ?? ANY_IPV4))) return;
  throw new InputError('ERR_CLIENT_OPTION', 'dht.addresses is for clients that listen on all addresses');
}

function isAnyAddress(host: string): boolean {
  return host === ANY_IPV4 || host === ANY_IPV6;
}

/**
 * The one place where port mapping is switched off. What nobody outside of this machine can reach needs no port in a gateway,
 * and whoever goes out through a proxy does not want to be found past it.
 */
function portMappingSettings({ portMapping = true, listen, proxy, bind }: ClientOptions): PortMappingSettings | false {
  const address = listenAddress(listen, bind);
  if (
    !portMapping ||
    process.env['MILLRACE_NO_NAT'] ||
    proxy !== undefined ||
    address === false ||
    isLoopback(bind ?? address.host)
  )
    return false;
  return { host: address.host, bothFamilies: address.ipv6Too };
}

/** Throws InputError ERR_PROXY_URL or ERR_CLIENT_OPTION. */
export function egressSettings({ proxy, bind }: Pick<ClientOptions, 'proxy' | 'bind'>): EgressSettings {
  if (bind !== undefined && !/^[^\s/]{1,64}$/.test(bind)) {
    throw new InputError('ERR_CLIENT_OPTION', 'bind must be an address of this machine or the name of an interface');
  }
  return {
    ...(proxy !== undefined && { proxy: parseProxyUrl(proxy) }),
    ...(bind !== undefined && { bind }),
  };
}

/**
 * What a proxy leaves of the options: who goes out through it is not found in his own network, opens no port unless told to,
 * and answers no questions of the DHT; over an HTTP proxy, which carries TCP alone, there is neither DHT nor uTP.
 */
function behindProxy(options: ClientOptions, { proxy }: EgressSettings): ClientOptions {
  if (proxy === undefined) return options;
  const { listen = false, dht = true, utp = 'on' } = options;
  const asking = dht === false ? false : { ...(dht === true ? {} : dht), readOnly: true };
  const udp = proxy.kind === 'http' ? ({ dht: false, utp: 'off' } as const) : { dht: asking, utp };
  return { ...options, listen, lsd: false, ...udp };
}

function checkEncryption(mode: EncryptionMode): EncryptionMode {
  if (ENCRYPTION_MODES.includes(mode)) return mode;
  throw new InputError('ERR_CLIENT_OPTION', `encryption must be one of ${ENCRYPTION_MODES.join(', ')}, not ${mode}`);
}

function checkNetThreads(threads: number | 'auto'): number | 'auto' {
  if (threads === 'auto' || (Number.isInteger(threads) && threads >= 0 && threads <= NET_THREADS_MAX)) return threads;
  const message = `netThreads must be 'auto' or a whole number from 0 to ${NET_THREADS_MAX}, not ${threads}`;
  throw new InputError('ERR_CLIENT_OPTION', message);
}

function checkHashing(hashing: Hashing): Hashing {
  if (HASHINGS.includes(hashing)) return hashing;
  throw new InputError('ERR_CLIENT_OPTION', `hashing must be one of ${HASHINGS.join(', ')}, not ${hashing}`);
}

function checkScheduling(scheduling: Scheduling): Scheduling {
  if (SCHEDULINGS.includes(scheduling)) return scheduling;
  throw new InputError('ERR_CLIENT_OPTION', `scheduling must be one of ${SCHEDULINGS.join(', ')}, not ${scheduling}`);
}

function checkUtp(mode: UtpMode): UtpMode {
  if (UTP_MODES.includes(mode)) return mode;
  throw new InputError('ERR_CLIENT_OPTION', `utp must be one of ${UTP_MODES.join(', ')}, not ${mode}`);
}

/** Returns a number of things of which there is at least one. Throws InputError ERR_CLIENT_OPTION. */
export function checkCount(name: string, count: number): number {
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InputError('ERR_CLIENT_OPTION', `${name} must be a whole number from 1, not ${count}`);
}

function listenAddress(listen: ClientOptions['listen'] = { port: 0 }, bind?: string): ListenAddress | false {
  if (listen === false) return false;
  const { host = ANY_IPV4, port } = listen;
  if (bind !== undefined && listen.host !== undefined && listen.host !== bind) {
    const message = `listen.host is ${listen.host}, and bind says ${bind}: leave out one of them`;
    throw new InputError('ERR_CLIENT_OPTION', message);
  }
  const ipv6Too = listen.host === undefined;
  if (Number.isInteger(port) && port >= 0 && port <= PORT_MAX) return { host, port, ipv6Too };
  throw new InputError('ERR_CLIENT_OPTION', `listen.port must be a whole number from 0 to ${PORT_MAX}, not ${port}`);
}
