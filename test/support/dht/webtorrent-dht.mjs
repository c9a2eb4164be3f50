// Nodes of the DHT in one network on this machine, by the package bittorrent-dht, driven by a test through lines.
//
// usage: webtorrent-dht.mjs LIBRARY COUNT JOIN_PORT
//
// Answers on standard output, one JSON object a line: {"event": "ready", "ports": […]} once the nodes have joined, and, done
// by the first node: {"event": "peers", "peers": [PORT…]} for each line "find INFO_HASH", {"event": "announced"} for
// "announce INFO_HASH PORT", {"event": "stored", "target": …} for "put TEXT", {"event": "value", "value": …} for "get TARGET".
// With "sign SEED_BYTE TEXT" it stores a mutable value of seq 1. Ends when standard input does.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import process from 'node:process';
import { createInterface } from 'node:readline';

const [library, count, join] = process.argv.slice(2);
const { Client } = await import(library);
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

function say(event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

function verifies(signature, message, key) {
  const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, key]), format: 'der', type: 'spki' });
  return verify(null, message, publicKey, signature);
}

const nodes = [];
for (let index = 0; index < Number(count); index++) {
  const node = new Client({ bootstrap: [`127.0.0.1:${join}`], verify: verifies, maxAge: 120_000 });
  await new Promise((resolve) => node.listen(0, '127.0.0.1', resolve));
  nodes.push(node);
}
await Promise.all(
  nodes.map((node) => new Promise((resolve) => (node.ready ? resolve() : node.once('ready', resolve)))),
);
const [first] = nodes;
say('ready', { ports: nodes.map((node) => node.address().port) });

const commands = {
  find(infoHash) {
    const peers = new Set();
    const onPeer = (peer, hash) => {
      if (hash.toString('hex') === infoHash) peers.add(peer.port);
    };
    first.on('peer', onPeer);
    first.lookup(infoHash, () => {
      first.off('peer', onPeer);
      say('peers', { peers: [...peers] });
    });
  },
  announce(infoHash, port) {
    first.announce(infoHash, Number(port), () => say('announced'));
  },
  put(text) {
    first.put({ v: Buffer.from(text) }, (error, target) =>
      say('stored', { target: target?.toString('hex'), error: error?.message }),
    );
  },
  sign(seed, text) {
    const der = Buffer.concat([PRIVATE_PREFIX, Buffer.alloc(32, Number(seed))]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const k = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
    const item = { k, seq: 1, v: Buffer.from(text), sign: (bytes) => sign(null, bytes, key) };
    const target = createHash('sha1').update(k).digest('hex');
    first.put(item, (error) => say('stored', { target, key: k.toString('hex'), error: error?.message }));
  },
  get(target) {
    first.get(target, (error, item) =>
      say('value', { value: item?.v?.toString(), seq: item?.seq, error: error?.message }),
    );
  },
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, ...words] = line.split(' ');
    commands[command]?.(...words);
  })
  .on('close', () => process.exit(0));
