// What of the DHT is kept for the next start: our ids and the nodes that answered last. It is read back as if a stranger had
// written it.

import { decodeBencode } from '../../protocol/bencode/bencode-decoder.ts';
import { encodeBencode } from '../../protocol/bencode/bencode-encoder.ts';
import { BencodeError } from '../../protocol/bencode/bencode-error.ts';
import { BencodeDictionary } from '../../protocol/bencode/bencode-value.ts';
import { decodeNodes, encodeNodes, type NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import { NODE_ID_BYTES } from '../../protocol/krpc/node-id.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { DHT_HOMES_MAX, SAVED_NODES_MAX } from './limits.ts';

const VERSION = 1;

/** Bytes of a saved state at most: both ids and all nodes fit in several times. */
export const DHT_STATE_BYTES_MAX: number = 64 * 1024;

/** What one family leaves behind. */
export interface FamilyState {
  readonly id: Uint8Array;
  readonly nodes: readonly NodeContact[];
}

export interface DhtState extends Partial<Readonly<Record<AddressFamily, FamilyState>>> {
  /** Ids of our other addresses (BEP 45), by those. */
  readonly homes?: ReadonlyMap<string, Uint8Array>;
}

export function encodeDhtState(state: DhtState): Uint8Array {
  return encodeBencode({
    version: VERSION,
    id: state[4]?.id,
    id6: state[6]?.id,
    nodes: state[4] && encodeNodes(state[4].nodes, 4),
    nodes6: state[6] && encodeNodes(state[6].nodes, 6),
    homes: state.homes?.size ? state.homes : undefined,
  });
}

/** Empty for what is no state of this version: the next start is then like the first. */
export function decodeDhtState(bytes: Uint8Array): DhtState {
  if (bytes.length > DHT_STATE_BYTES_MAX) return {};
  const root = decoded(bytes);
  if (root?.integer('version') !== VERSION) return {};
  const [four, six] = [familyState(root, 4), familyState(root, 6)];
  const homes = homesOf(root);
  return { ...(four && { 4: four }), ...(six && { 6: six }), ...(homes.size > 0 && { homes }) };
}

function homesOf(root: BencodeDictionary): Map<string, Uint8Array> {
  const homes = new Map<string, Uint8Array>();
  const saved = root.dictionary('homes');
  for (const host of saved?.keys() ?? []) {
    const id = saved!.byteString(host);
    if (id?.length === NODE_ID_BYTES && homes.size < DHT_HOMES_MAX) homes.set(host, id.slice());
  }
  return homes;
}

function decoded(bytes: Uint8Array): BencodeDictionary | undefined {
  try {
    const value = decodeBencode(bytes);
    return value instanceof BencodeDictionary ? value : undefined;
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}

function familyState(root: BencodeDictionary, family: AddressFamily): FamilyState | undefined {
  const suffix = family === 4 ? '' : '6';
  const id = root.byteString(`id${suffix}`);
  if (id?.length !== NODE_ID_BYTES) return undefined;
  const nodes = root.byteString(`nodes${suffix}`) ?? new Uint8Array(0);
  return { id: id.slice(), nodes: decodeNodes(nodes, family, SAVED_NODES_MAX) };
}
