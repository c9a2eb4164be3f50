// Publishes a note in the DHT under a key of its own, reads it back, and asks some nodes which torrents they know of.
// node examples/dht.mjs TEXT [HOST:PORT]
import { generateKeyPairSync, sign } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'millrace';

const [text, node] = process.argv.slice(2);
const [host, port] = node?.split(':') ?? [];

// Without a node to begin with, those of the last run are asked, and then the public ones.
const client = new Client(node ? { dht: { nodes: [{ host, port: Number(port) }] } } : {});
await client.listen();
const { dht } = client;
while (!dht.status().ready) await delay(100);
console.log(`joined: ${dht.status().nodes} nodes over IPv4, ${dht.status().nodes6} over IPv6`);

// Values are bencoded. Whoever has the private key can put another with a greater `seq` in its place.
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const note = await dht.keep(Buffer.from(`${Buffer.byteLength(text)}:${text}`), {
  key: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
  seq: 1,
  sign: (bytes) => sign(null, bytes, privateKey),
});
console.log(`${note.nodes} nodes store it; it can be had by ${note.target}`);
const found = await dht.get(note.target);
console.log(`found number ${found?.seq}: ${found && Buffer.from(found.value)}`);

const { asked, answered } = await dht.sample({
  nodes: 20,
  onSample: ({ node, total, infoHashes }) => console.log(`${node.host} has ${total ?? 'some'} torrents`, ...infoHashes),
});
console.log(`${answered} of ${asked} nodes told`);

// Here the program would go on: the note is put again every hour until `note.stop()` or the end.
await client.close();
