// Puts a host before the conformance of a PeerPort that dials over uTP alone and hears of strangers over uTP alone: raw peers,
// which are TCP sockets, are behind a gateway.
import type { DatagramPorts } from '../../engine/datagram-port.ts';
import type { PeerPort, PeerSink } from '../../engine/ports.ts';
import type { Arena } from '../../host/memory/arena.ts';
import type { NetHost } from '../../host/net/net-host.ts';
import { UdpHost } from '../../host/net/udp-host.ts';
import { type PeerMaker, STAGE_INFO_HASH } from '../peers/peer-stage.ts';
import { UtpGateway } from './utp-gateway.ts';

export type UtpHostMaker = (arena: Arena, datagrams: DatagramPorts) => NetHost;

export function utpMaker(makeHost: UtpHostMaker, encrypted: boolean): PeerMaker {
  return async (arena: Arena, sink: PeerSink) => {
    const [datagrams, gateway] = [new UdpHost(), await UtpGateway.open()];
    const host = makeHost(arena, datagrams);
    const bound = await datagrams.open('127.0.0.1', 0);
    host.start(sink);
    host.share(STAGE_INFO_HASH);
    return {
      encrypted,
      heardAtFirstWord: true,
      strangersPort: gateway.utpAddress.port,
      port: dialling(host, gateway),
      listen: async (address) => {
        await host.listen(address, 0);
        return await gateway.lead(bound);
      },
      shutdown: async () => {
        await host.shutdown();
        await Promise.all([gateway.close(), datagrams.close()]);
      },
      receivedBytes: () => ({ placed: host.counters.placedBytes, copied: host.counters.copiedBytes }),
    };
  };
}

/** The same host, which reaches everybody through the gateway. */
function dialling(host: NetHost, gateway: UtpGateway): PeerPort {
  const connect: PeerPort['connect'] = (link, target, timeoutMs, infoHash) => {
    const { port } = target;
    const reachable = Number.isInteger(port) && port > 0 && port < 65_536;
    if (reachable) gateway.inside = target;
    const address = reachable ? gateway.utpAddress : target;
    host.connect(link, { ...address, via: 'utp' }, timeoutMs, infoHash);
  };
  return new Proxy(host as PeerPort, {
    get: (target, name) => {
      if (name === 'connect') return connect;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
