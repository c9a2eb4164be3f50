// The client's part in the DHT: drives the engine's node, keeps what it knows for the next start, finds out the addresses
// of the public routers, and shows what there is to see.
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { toHex } from '../base/bytes.ts';
import type { Clock, Random } from '../base/clock.ts';
import { InputError } from '../base/errors.ts';
import type { DatagramPorts } from '../engine/datagram-port.ts';
import { Dht, type DhtHome } from '../engine/dht/dht.ts';
import { itemSearch, type PutWays, putSearch, scrapeSearch } from '../engine/dht/dht-search.ts';
import { DHT_STATE_BYTES_MAX, decodeDhtState } from '../engine/dht/dht-state.ts';
import { faultOf } from '../engine/dht/item-store.ts';
import { SAMPLED_NODES_MAX, SAVE_INTERVAL_MS } from '../engine/dht/limits.ts';
import { isAfar } from '../engine/discovery/source-guard.ts';
import { TICK_MS } from '../engine/limits.ts';
import type { MappedPorts } from '../engine/portmap/own-ports.ts';
import { SCOPE_GLOBAL, scopeOf } from '../engine/swarm/address-scope.ts';
import type { ExternalAddress } from '../engine/swarm/external-address.ts';
import type { Egress } from '../host/net/egress.ts';
import { itemTarget, type StoredItem, signedBytes } from '../protocol/krpc/stored-item.ts';
import { parseHostPort } from '../protocol/metainfo/host-port.ts';
import { infoHashBytes, parseInfoHash } from '../protocol/metainfo/info-hash.ts';
import type { DhtSettings } from './client-options.ts';
import type { DhtStatus, KeptValue, SampleOptions, StoredValue, SwarmEstimate, ValueSigner } from './dht-types.ts';
import { NAME_LOOKUPS_MAX } from './limits.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import { replaceFile } from './replace-file.ts';
import { dataDirectory } from './resume-store.ts';
import type { PeerAddress } from './types.ts';

/** Nodes that answer everybody, run by other projects for those who come for the first time. */
const PUBLIC_ROUTERS: readonly string[] = [
  'dht.libtorrent.org:25401',
  'router.bittorrent.com:6881',
  'dht.transmissionbt.com:6881',
  'router.utorrent.com:6881',
];

/** What comes before the 32 bytes of an ed25519 key in its DER form (RFC 8410). */
const ED25519_DER_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);

const NO_SALT = new Uint8Array(0);

export interface ClientDhtParts {
  readonly settings: DhtSettings;
  readonly datagrams: DatagramPorts;
  readonly egress: Egress;
  readonly homes: readonly DhtHome[];
  readonly clock: Clock;
  readonly random: Random;
  /** What the session has, which is made later. */
  readonly external: () => ExternalAddress;
  readonly refuses: (host: string) => boolean;
  /** The UDP ports that gateways gave us. */
  readonly mappedPorts: () => MappedPorts;
  readonly directory?: string;
}

/** The distributed hash table as a Client shows it. */
export class ClientDht {
  /** @internal The engine's side. */
  readonly engine: Dht;
  readonly #parts: ClientDhtParts;
  readonly #file: string;
  #resolving = 0;
  #timer: NodeJS.Timeout | undefined;
  #savedMs: number;
  #saving: Promise<void> = Promise.resolve();
  #closed = false;

  /** @internal */
  constructor(parts: ClientDhtParts) {
    this.#parts = parts;
    this.#file = path.join(parts.directory ?? dataDirectory(), stateName(parts.egress));
    this.#savedMs = parts.clock.nowMs();
    const { clock, random, datagrams, homes, refuses, mappedPorts, settings } = parts;
    this.engine = new Dht({
      clock,
      random,
      datagrams,
      homes,
      refuses,
      mappedPorts,
      readOnly: settings.readOnly,
      sha1: metainfoPorts.sha1,
      verify: verifyEd25519,
      external: {
        vote: (host, voter) => parts.external().vote(host, voter),
        of: (family) => parts.external().of(family),
        all: (family) => parts.external().all(family),
      },
      askRouters: () => {
        for (const address of this.#routers()) this.addNode(address, true);
      },
    });
  }

  /** A snapshot of what our node knows and does. */
  status(): DhtStatus {
    const status = this.engine.status;
    const homes = this.engine.homes.map((home) => ({ ...home, id: toHex(home.id) }));
    return { ...status, id: toHex(this.engine.id(4)), id6: toHex(this.engine.id(6)), homes };
  }

  /**
   * How many seeds and other peers a torrent has, as far as the DHT knows (BEP 33): an estimate, and nothing new without
   * nodes to ask. Rejects with InputError ERR_DHT_INFO_HASH for what is no info hash.
   */
  async scrape(infoHash: string): Promise<SwarmEstimate> {
    const hash = hashOf(infoHash);
    return await new Promise((resolve) => {
      this.engine.search(scrapeSearch(hash, metainfoPorts.sha1, resolve));
    });
  }

  /**
   * Looks for a stored value (BEP 44) by its target, 40 hexadecimal digits: the SHA-1 of the encoded value, or of a public
   * key and the salt. Of several versions the latest comes. `undefined` when nobody has it. Rejects with InputError
   * ERR_DHT_INFO_HASH.
   */
  async get(target: string, salt: Uint8Array = NO_SALT): Promise<StoredValue | undefined> {
    const hash = hashOf(target);
    const item = await new Promise<StoredItem | undefined>((resolve) => {
      this.engine.search(itemSearch(hash, salt, CHECKS, resolve));
    });
    return item && { value: item.value, ...(item.mutable && { key: item.mutable.key, seq: item.mutable.seq }) };
  }

  /**
   * Stores a value (BEP 44), bencoded and of at most 1000 bytes, at the eight nodes nearest to its target; it lasts about two
   * hours. With `signer` it is mutable: a later one with a greater `seq` replaces it. Resolves to the target and to how many
   * nodes took it: 0 when they have a later one. Rejects with InputError ERR_DHT_VALUE for what no node would take.
   */
  async put(value: Uint8Array, signer?: ValueSigner): Promise<{ readonly target: string; readonly nodes: number }> {
    return await this.#put(storedItem(value, signer), signer?.cas === undefined ? {} : { cas: signer.cas });
  }

  /**
   * Stores a value as `put` does, and puts it again every hour for as long as the client runs, so that it stays. When somebody
   * with the key has put a later version, that one is kept. Rejects with InputError ERR_DHT_VALUE, also for more than 1,000
   * values, and for a signer with `cas`.
   */
  async keep(value: Uint8Array, signer?: ValueSigner): Promise<KeptValue> {
    const { kept } = this.engine;
    if (signer?.cas !== undefined) throw new InputError('ERR_DHT_VALUE', 'a value with `cas` is put once, not kept');
    if (kept.full) throw new InputError('ERR_DHT_VALUE', `${kept.size} values are kept already: stop one of them`);
    const item = storedItem(value, signer);
    const stored = await this.#put(item, {});
    return { ...stored, stop: kept.keep(item) };
  }

  /**
   * Asks nodes all over the DHT which torrents they know of (BEP 51), at most ten nodes a second, and none again before the
   * time that it asked for. Resolves, when `nodes` were asked or no more are to be found, to how many were asked and how many
   * answered with samples; rejects with the reason of `signal`, and with InputError ERR_DHT_SAMPLE when `nodes` is not 1 to
   * 65,536.
   */
  async sample(options: SampleOptions): Promise<{ readonly asked: number; readonly answered: number }> {
    const { nodes = 100, onSample, signal } = options;
    if (!Number.isInteger(nodes) || nodes < 1 || nodes > SAMPLED_NODES_MAX) {
      throw new InputError(
        'ERR_DHT_SAMPLE',
        `nodes must be a whole number from 1 to ${SAMPLED_NODES_MAX}, not ${nodes}`,
      );
    }
    signal?.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const end = this.engine.surveys.begin({
        nodesMax: nodes,
        sampled: ({ node: { host, port }, infoHashes, total, intervalSeconds }) => {
          onSample({ node: { host, port }, infoHashes: infoHashes.map(toHex), total, intervalSeconds });
        },
        done: (asked, answered) => {
          signal?.removeEventListener('abort', aborted);
          resolve({ asked, answered });
        },
      });
      const aborted = (): void => {
        end();
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  /**
   * Somebody runs a node there; names are resolved. The user's own word goes anywhere, a torrent's only to the internet:
   * a stranger wrote it.
   */
  addNode(address: PeerAddress, trusted: boolean): void {
    const { host, port } = address;
    if (this.#closed) return;
    if (this.#parts.egress.proxy !== undefined && isIP(host) === 0) {
      // The proxy resolves it: the first question goes to the name, and the answer tells its address.
      if (trusted || isAfar(host)) this.engine.addNode(address);
    } else if (isIP(host) !== 0) {
      if (trusted || scopeOf(host) === SCOPE_GLOBAL) this.engine.addNode(address);
    } else if (host === 'localhost') {
      if (trusted) for (const own of ['127.0.0.1', '::1']) this.engine.addNode({ host: own, port });
    } else if (this.#resolving < NAME_LOOKUPS_MAX) void this.#resolve(address, trusted);
  }

  /** @internal Begins; the sockets are open. What an earlier run left behind comes first. */
  async start(): Promise<void> {
    const state = await this.#load();
    if (this.#closed) return;
    if (state !== undefined) this.engine.restore(decodeDhtState(state));
    // Nodes that the user named need not wait for others; public ones do.
    for (const address of this.#parts.settings.nodes ?? []) this.addNode(address, true);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** @internal Keeps what is known and says nothing more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#parts.egress.names.cancel();
    this.#save();
    this.engine.close();
    await this.#saving;
  }

  #tick(): void {
    this.engine.tick();
    if (this.#parts.clock.nowMs() < this.#savedMs + SAVE_INTERVAL_MS) return;
    this.#savedMs = this.#parts.clock.nowMs();
    this.#save();
  }

  async #put(item: StoredItem, ways: PutWays): Promise<{ readonly target: string; readonly nodes: number }> {
    const fault = faultOf(item, verifyEd25519);
    if (fault !== undefined) throw new InputError('ERR_DHT_VALUE', `the value cannot be stored: ${fault.text}`);
    const nodes = await new Promise<number>((resolve) => {
      this.engine.search(putSearch(item, ways, CHECKS, resolve));
    });
    return { target: toHex(itemTarget(item, metainfoPorts.sha1)), nodes };
  }

  /** A name that nobody knows is a node that does not answer: others are asked, and nothing is said. */
  async #resolve({ host, port }: PeerAddress, trusted: boolean): Promise<void> {
    this.#resolving++;
    // Bound to what is gone, nobody can be asked: routers are asked for again.
    const found = await this.#parts.egress.names.ask(host).catch(() => []);
    this.#resolving--;
    for (const { address } of found) this.addNode({ host: address, port }, trusted);
  }

  #routers(): readonly PeerAddress[] {
    const { nodes, local } = this.#parts.settings;
    if (nodes !== undefined) return nodes;
    if (local) return [];
    const named = process.env['MILLRACE_DHT_NODES']?.split(',') ?? PUBLIC_ROUTERS;
    return named.flatMap((text) => parseHostPort(text.trim()) ?? []);
  }

  async #load(): Promise<Uint8Array | undefined> {
    try {
      if ((await stat(this.#file)).size > DHT_STATE_BYTES_MAX) return undefined;
      return new Uint8Array(await readFile(this.#file));
    } catch (error) {
      // Whatever the reason, the start is then like the first.
      if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
      throw error;
    }
  }

  /** Nothing is kept of a node that knew nobody: the list of an earlier run is better. What cannot be kept is looked for anew. */
  #save(): void {
    const { nodes, nodes6 } = this.engine.status;
    if (nodes + nodes6 === 0) return;
    const bytes = this.engine.save();
    this.#saving = this.#saving
      .then(() => mkdir(path.dirname(this.#file), { recursive: true }))
      .then(() => replaceFile(this.#file, bytes))
      .catch(() => undefined);
  }
}

/** Behind a proxy our node is another one: its id and its acquaintances must not tell that it is the same machine's. */
function stateName({ proxy }: Egress): string {
  return proxy === undefined ? 'dht-nodes' : 'dht-nodes-proxied';
}

/** @throws InputError ERR_DHT_INFO_HASH */
function hashOf(text: string): Uint8Array {
  const hash = parseInfoHash(text);
  if (hash === undefined) throw new InputError('ERR_DHT_INFO_HASH', `${text} is no info hash`);
  return infoHashBytes(hash);
}

function storedItem(value: Uint8Array, signer: ValueSigner | undefined): StoredItem {
  if (signer === undefined) return { value };
  const { key, seq, salt = NO_SALT, sign } = signer;
  return { value, mutable: { key, seq, salt, signature: sign(signedBytes(value, seq, salt)) } };
}

/** The signature of a mutable value (BEP 44). A key that is none has signed nothing. */
export function verifyEd25519(key: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean {
  try {
    const der = Buffer.concat([ED25519_DER_PREFIX, key]);
    return verifySignature(null, bytes, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

const CHECKS = { sha1: metainfoPorts.sha1, verify: verifyEd25519 };
