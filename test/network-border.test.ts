// Sockets are opened, and names looked up, in the few files that are the border, and all of them go the client's one way out
// (src/host/net/egress.ts): whoever opens another has forgotten the proxy. The compiler does not know; this test does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeLines, readSource, repositoryFiles } from './support/sources.ts';

/** What opens sockets, and the files that may. */
const BORDER: Readonly<Record<string, readonly string[]>> = {
  'node:net': [
    // Connections.
    'src/host/net/egress.ts',
    // Accepted sockets once more, and the port that accepts them.
    'src/host/net/adopt-socket.ts',
    'src/host/net/tcp-door.ts',
  ],
  'node:tls': ['src/host/net/secure-socket.ts'],
  // Multicast never leaves the own network, and is off behind a proxy.
  'node:dgram': [
    'src/host/net/datagram-socket.ts',
    'src/host/lsd/lsd-host.ts',
    // To gateways, from our address on their side, and off behind a proxy.
    'src/host/nat/gateway-finder.ts',
    'src/host/nat/gateway-sockets.ts',
    'src/host/nat/upnp-search.ts',
  ],
  'node:dns': ['src/host/net/names.ts'],
  'node:dns/promises': ['src/host/net/names.ts'],
  undici: ['src/host/net/source-agent.ts'],
  'node:http': ['src/host/nat/gateway-http.ts'],
  'node:https': [],
  'node:http2': [],
};

/** What of these modules opens nothing. */
const HARMLESS = /^(?:type\s.*|isIP|isIPv4|isIPv6|BlockList)$/;

const modules = repositoryFiles()
  .filter((file) => /^src\/(?!testing\/).*(?<!\.test)\.ts$/.test(file))
  .map(readSource);

interface Use {
  readonly file: string;
  readonly from: string;
}

function uses(): Use[] {
  return modules.flatMap(({ path: file, text }) => {
    const found: Use[] = [];
    for (const [, clause = '', from = ''] of text.matchAll(/import\s+(?!type\b)([^;']*?)\s*from\s*'([^']+)'/g)) {
      if (!(from in BORDER)) continue;
      const names = clause.replace(/[{}]/g, '').split(',');
      if (names.some((name) => name.trim() !== '' && !HARMLESS.test(name.trim()))) found.push({ file, from });
    }
    for (const [, from = ''] of text.matchAll(/(?:import|require)\(\s*'([^']+)'/g))
      if (from in BORDER) found.push({ file, from });
    return found;
  });
}

test('nothing but the border opens sockets or looks names up', () => {
  const found = uses();
  assert.deepEqual(
    found.filter(({ file, from }) => !BORDER[from]!.includes(file)),
    [],
    'go through Egress, or the proxy is forgotten',
  );
  const missing = Object.entries(BORDER).flatMap(([from, files]) =>
    files.filter((file) => !found.some((use) => use.file === file && use.from === from)),
  );
  assert.deepEqual(missing, [], 'the border is larger than it need be, or this test sees nothing');
});

test('nothing asks the web by a global of Node', () => {
  const found = modules.flatMap((source) =>
    codeLines(source)
      .filter((line) => /(?<![.#\w])(?:fetch|WebSocket|EventSource)\(/.test(line))
      .map((line) => `${source.path}: ${line.trim()}`),
  );
  assert.deepEqual(found, []);
});

test('the border itself opens nothing past the way out: only these files make a socket that goes anywhere', () => {
  const makers = modules
    .filter((source) => codeLines(source).some((line) => /\bopenDatagramSocket\(/.test(line)))
    .map(({ path }) => path)
    .sort();
  assert.deepEqual(makers, [
    'src/host/net/datagram-socket.ts',
    // To the proxy's relay.
    'src/host/net/socks-relay.ts',
    // Where the listener says, which says nothing behind a proxy.
    'src/host/net/udp-host.ts',
    // To trackers, when there is no proxy.
    'src/host/tracker/udp-exchange.ts',
  ]);
});
