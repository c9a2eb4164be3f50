// Nodes and peers as DHT messages pack them: 20 bytes of id, then address and port (BEP 5 `nodes`, BEP 32 `nodes6`).
import { readUint16, writeUint16 } from '../../base/bytes.ts';
import type { HostPort } from '../metainfo/host-port.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import { type AddressFamily, decodeAddress } from '../tracker/compact-peers.ts';
import { NODE_ID_BYTES } from './node-id.ts';

/** A node as others tell of it. `host` is a numeric address. */
export interface NodeContact extends HostPort {
  /** 20 bytes. */
  readonly id: Uint8Array;
}

const PORT_BYTES = 2;

/** Address and port in 6 or 18 bytes; `undefined` for a name. */
export function encodeEndpoint({ host, port }: HostPort): Uint8Array | undefined {
  const address = encodeAddress(host);
  if (address === undefined) return undefined;
  const bytes = new Uint8Array(address.length + PORT_BYTES);
  bytes.set(address);
  writeUint16(bytes, address.length, port);
  return bytes;
}

/** Reads 6 or 18 bytes; `undefined` for another length, and for port 0, which is nobody's. */
export function decodeEndpoint(bytes: Uint8Array): HostPort | undefined {
  const host = decodeAddress(bytes.subarray(0, -PORT_BYTES));
  if (host === undefined) return undefined;
  const port = readUint16(bytes, bytes.length - PORT_BYTES);
  return port === 0 ? undefined : { host, port };
}

/** Packs nodes of one family; names and nodes of the other family are left out. */
export function encodeNodes(nodes: readonly NodeContact[], family: AddressFamily): Uint8Array {
  const stride = NODE_ID_BYTES + endpointBytes(family);
  const packed = new Uint8Array(nodes.length * stride);
  let end = 0;
  for (const { id, host, port } of nodes) {
    const address = encodeAddress(host);
    if (address === undefined || address.length + PORT_BYTES !== endpointBytes(family)) continue;
    packed.set(id, end);
    packed.set(address, end + NODE_ID_BYTES);
    end += stride;
    writeUint16(packed, end - PORT_BYTES, port);
  }
  return packed.subarray(0, end);
}

/** Unpacks at most `nodesMax` nodes. A remainder that is no whole entry is ignored, as are nodes at port 0. */
export function decodeNodes(bytes: Uint8Array, family: AddressFamily, nodesMax: number): NodeContact[] {
  const stride = NODE_ID_BYTES + endpointBytes(family);
  const nodes: NodeContact[] = [];
  for (let offset = 0; offset + stride <= bytes.length && nodes.length < nodesMax; offset += stride) {
    const endpoint = decodeEndpoint(bytes.subarray(offset + NODE_ID_BYTES, offset + stride));
    if (endpoint !== undefined) nodes.push({ id: bytes.slice(offset, offset + NODE_ID_BYTES), ...endpoint });
  }
  return nodes;
}

function endpointBytes(family: AddressFamily): number {
  return family === 4 ? 6 : 18;
}
