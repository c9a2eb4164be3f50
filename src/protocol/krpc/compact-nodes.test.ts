import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeEndpoint, decodeNodes, encodeEndpoint, encodeNodes, type NodeContact } from './compact-nodes.ts';
import { NODE_ID_BYTES } from './node-id.ts';

function node(host: string, port = 6881): NodeContact {
  return { id: new Uint8Array(NODE_ID_BYTES).fill(port & 0xff), host, port };
}

test('an endpoint is an address and a port, of either family; names, other lengths and port 0 are none', () => {
  for (const host of ['192.0.2.1', '2001:db8::1']) {
    const endpoint = { host, port: 51_413 };
    assert.deepEqual(decodeEndpoint(encodeEndpoint(endpoint)!), endpoint);
    assert.equal(decodeEndpoint(encodeEndpoint({ host, port: 0 })!), undefined);
  }
  assert.equal(encodeEndpoint({ host: 'node.example', port: 1 }), undefined);
  for (const length of [0, 1, 2, 5, 7, 17, 19]) assert.equal(decodeEndpoint(new Uint8Array(length).fill(9)), undefined);
});

test('nodes of one family are packed, and names and the other family left out', () => {
  const nodes = [node('192.0.2.1', 1), node('2001:db8::1', 2), node('node.example', 3), node('192.0.2.4', 4)];
  assert.deepEqual(decodeNodes(encodeNodes(nodes, 4), 4, 8), [nodes[0], nodes[3]]);
  assert.deepEqual(decodeNodes(encodeNodes(nodes, 6), 6, 8), [nodes[1]]);
});

test('no more nodes are unpacked than wanted, none at port 0, and none of what is cut off', () => {
  const nodes = [node('192.0.2.1', 1), node('192.0.2.2', 0), node('192.0.2.3', 3)];
  const bytes = encodeNodes(nodes, 4);
  assert.deepEqual(decodeNodes(bytes, 4, 8), [nodes[0], nodes[2]]);
  assert.deepEqual(decodeNodes(bytes, 4, 1), [nodes[0]]);
  assert.deepEqual(decodeNodes(bytes, 4, 0), []);
  assert.deepEqual(decodeNodes(bytes.subarray(0, -1), 4, 8), [nodes[0]]);
});
