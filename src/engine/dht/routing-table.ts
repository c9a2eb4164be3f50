// The nodes of one address family that we know to answer, many near to us and few far from us (BEP 5, "routing table").
// A bucket holds the nodes that share so many leading bits with our id. Only who answered gets in; who asked, or was named
// by others, proves nothing. Long-lived nodes stay: a newcomer replaces none but one that failed.
import { assert } from '../../base/assert.ts';
import { equalBytes, toLatin1 } from '../../base/bytes.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import { commonBits, compareDistance, NODE_ID_BYTES } from '../../protocol/krpc/node-id.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import type { PeerAddress } from '../ports.ts';
import { SCOPE_GLOBAL, scopeOf } from '../swarm/address-scope.ts';
import { BUCKET_NODES, BUCKET_SPARES, FAR_BUCKET_NODES, NODE_FAILURES_MAX, NODES_PER_NETWORK } from './limits.ts';

/** A node that answered. */
export interface RoutingNode extends NodeContact {
  /** When it last answered. */
  seenMs: number;
  /** Questions in a row that it did not answer. */
  failures: number;
}

interface Bucket {
  readonly nodes: RoutingNode[];
  /** Who waits for a place, the latest last. */
  readonly spares: RoutingNode[];
  /** When something last happened in it. */
  touchedMs: number;
}

/** The text under which an address is known. */
export function endpointKey({ host, port }: PeerAddress): string {
  return `${host}|${port}`;
}

export class RoutingTable {
  readonly id: Uint8Array;
  readonly #buckets: Bucket[] = [];
  /** Nodes and spares. */
  readonly #byEndpoint = new Map<string, RoutingNode>();
  readonly #byId = new Map<string, RoutingNode>();
  /** How many nodes and spares there are at one address, and in one network. */
  readonly #hosts = new Map<string, number>();
  #size = 0;

  constructor(id: Uint8Array) {
    this.id = id;
  }

  /** Nodes that are in use; spares do not count. */
  get size(): number {
    return this.#size;
  }

  *nodes(): Generator<RoutingNode> {
    for (const { nodes } of this.#buckets) yield* nodes;
  }

  find(address: PeerAddress): RoutingNode | undefined {
    return this.#byEndpoint.get(endpointKey(address));
  }

  /** Whether a node that asked us, or that others named, would be of use: it is then worth a question. */
  wants(contact: NodeContact): boolean {
    if (this.#byEndpoint.has(endpointKey(contact)) || this.#byId.has(toLatin1(contact.id))) return false;
    if (equalBytes(contact.id, this.id) || this.#crowded(contact.host)) return false;
    const index = commonBits(this.id, contact.id);
    const bucket = this.#buckets[index];
    return bucket === undefined || bucket.nodes.length < capacityOf(index) || bucket.spares.length < BUCKET_SPARES;
  }

  /** The node answered. */
  answered(contact: NodeContact, nowMs: number): void {
    const known = this.find(contact);
    if (known !== undefined && !equalBytes(known.id, contact.id)) this.#remove(known);
    else if (known !== undefined) return this.#refresh(known, nowMs);
    if (equalBytes(contact.id, this.id)) return;
    const namesake = this.#byId.get(toLatin1(contact.id));
    // A node that moved, or a thief of its id: whoever has it keeps it as long as it answers.
    if (namesake !== undefined && namesake.failures === 0) return;
    if (namesake !== undefined) this.#remove(namesake);
    if (!this.#crowded(contact.host)) this.#place({ ...contact, seenMs: nowMs, failures: 0 }, nowMs);
  }

  /** The node did not answer. */
  failed(address: PeerAddress): void {
    const node = this.find(address);
    if (node === undefined) return;
    node.failures++;
    const bucket = this.#bucketOf(node.id);
    const replaceable = bucket.spares.some(({ failures }) => failures === 0);
    const spare = bucket.spares.includes(node);
    if (!spare && !replaceable && node.failures < NODE_FAILURES_MAX) return;
    this.#remove(node);
  }

  /** The nodes nearest to a target that answered when last asked, nearest first. */
  closest(target: Uint8Array, count: number): RoutingNode[] {
    const found: RoutingNode[] = [];
    const shared = commonBits(this.id, target);
    const take = (nodes: readonly RoutingNode[]): boolean => {
      const well = nodes.filter(({ failures }) => failures === 0);
      for (const node of well.sort((a, b) => compareDistance(target, a.id, b.id))) {
        if (found.length < count) found.push(node);
      }
      return found.length >= count;
    };
    // Nearest are those of the target's own bucket, then all that share more with us, then bucket by bucket the others.
    if (take(this.#buckets[shared]?.nodes ?? [])) return found;
    if (take(this.#buckets.slice(shared + 1).flatMap(({ nodes }) => nodes))) return found;
    for (let index = Math.min(shared, this.#buckets.length) - 1; index >= 0; index--) {
      if (take(this.#buckets[index]!.nodes)) break;
    }
    return found;
  }

  /** The node in use that was silent longest. */
  stalest(): RoutingNode | undefined {
    let stalest: RoutingNode | undefined;
    for (const { nodes } of this.#buckets) {
      for (const node of nodes) if (stalest === undefined || node.seenMs < stalest.seenMs) stalest = node;
    }
    return stalest;
  }

  /** The bucket in which nothing happened since then, `undefined` without one. */
  idleBucket(sinceMs: number): number | undefined {
    const index = this.#buckets.findIndex(({ touchedMs }) => touchedMs < sinceMs);
    return index < 0 ? undefined : index;
  }

  touchBucket(index: number, nowMs: number): void {
    const bucket = this.#buckets[index];
    if (bucket !== undefined) bucket.touchedMs = nowMs;
  }

  #refresh(node: RoutingNode, nowMs: number): void {
    node.seenMs = nowMs;
    node.failures = 0;
    this.#bucketOf(node.id).touchedMs = nowMs;
  }

  #place(node: RoutingNode, nowMs: number): void {
    const index = commonBits(this.id, node.id);
    while (this.#buckets.length <= index) this.#buckets.push({ nodes: [], spares: [], touchedMs: nowMs });
    const bucket = this.#buckets[index]!;
    if (bucket.nodes.length >= capacityOf(index)) {
      const worst = bucket.nodes.reduce((a, b) => (b.failures > a.failures ? b : a));
      if (worst.failures > 0) this.#remove(worst);
    }
    this.#register(node);
    if (bucket.nodes.length < capacityOf(index)) {
      bucket.nodes.push(node);
      bucket.touchedMs = nowMs;
      this.#size++;
      return;
    }
    bucket.spares.push(node);
    if (bucket.spares.length > BUCKET_SPARES) this.#remove(bucket.spares[0]!);
  }

  /** Takes a node out; the spare that answered last takes the place of one that was in use. */
  #remove(node: RoutingNode): void {
    const bucket = this.#bucketOf(node.id);
    this.#unregister(node);
    const spareAt = bucket.spares.indexOf(node);
    if (spareAt >= 0) {
      bucket.spares.splice(spareAt, 1);
      return;
    }
    bucket.nodes.splice(bucket.nodes.indexOf(node), 1);
    const heirAt = bucket.spares.findLastIndex(({ failures }) => failures === 0);
    if (heirAt < 0) this.#size--;
    else bucket.nodes.push(...bucket.spares.splice(heirAt, 1));
  }

  #register(node: RoutingNode): void {
    this.#byEndpoint.set(endpointKey(node), node);
    this.#byId.set(toLatin1(node.id), node);
    for (const key of crowdKeys(node.host)) this.#hosts.set(key, (this.#hosts.get(key) ?? 0) + 1);
  }

  #unregister(node: RoutingNode): void {
    this.#byEndpoint.delete(endpointKey(node));
    this.#byId.delete(toLatin1(node.id));
    for (const key of crowdKeys(node.host)) {
      const left = this.#hosts.get(key)! - 1;
      if (left > 0) this.#hosts.set(key, left);
      else this.#hosts.delete(key);
    }
  }

  /** One node for each address, few for each network: ids are free, addresses are not. */
  #crowded(host: string): boolean {
    const [own, network] = crowdKeys(host);
    if (own === undefined || network === undefined) return false;
    return this.#hosts.has(own) || (this.#hosts.get(network) ?? 0) >= NODES_PER_NETWORK;
  }

  #bucketOf(id: Uint8Array): Bucket {
    const bucket = this.#buckets[commonBits(this.id, id)];
    assert(bucket !== undefined, 'a node has a bucket');
    return bucket;
  }
}

function capacityOf(index: number): number {
  assert(index < NODE_ID_BYTES * 8, 'nobody has our id');
  return FAR_BUCKET_NODES[index] ?? BUCKET_NODES;
}

/** The address and its network; nothing in private networks, where many nodes share a machine in all honesty. */
function crowdKeys(host: string): readonly string[] {
  if (scopeOf(host) !== SCOPE_GLOBAL) return [];
  const address = encodeAddress(host)!;
  return [host, toLatin1(address.subarray(0, address.length === 4 ? 3 : 6))];
}
