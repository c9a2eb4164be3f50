// Links over uTP are held to the same word as those over TCP, also encrypted. What is different: every block comes in
// datagrams, and is copied to its place, once.
import type { DialTarget, LinkId } from '../../engine/ports.ts';
import { describePeerPort } from '../../testing/peers/peer-port-conformance.ts';
import { type PeerMaker, STAGE_INFO_HASH } from '../../testing/peers/peer-stage.ts';
import { UtpGateway } from '../../testing/utp/utp-gateway.ts';
import type { EncryptionMode } from './encryption.ts';
import { LinkHost } from './link-host.ts';
import { UdpHost } from './udp-host.ts';

/** A host that dials over uTP alone, and hears of strangers over uTP alone. */
class UtpAlone extends LinkHost {
  readonly #gateway: UtpGateway;

  constructor(gateway: UtpGateway, options: ConstructorParameters<typeof LinkHost>[0]) {
    super(options);
    this.#gateway = gateway;
  }

  override connect(link: LinkId, target: DialTarget, timeoutMs: number, infoHash: Uint8Array): void {
    const { port } = target;
    const reachable = Number.isInteger(port) && port > 0 && port < 65_536;
    if (reachable) this.#gateway.inside = target;
    const address = reachable ? this.#gateway.utpAddress : target;
    super.connect(link, { ...address, via: 'utp' }, timeoutMs, infoHash);
  }
}

function utpMaker(encryption: EncryptionMode): PeerMaker {
  return async (arena, sink) => {
    const [datagrams, gateway] = [new UdpHost(), await UtpGateway.open()];
    const port = new UtpAlone(gateway, { arena, encryption, utp: 'prefer', datagrams });
    const bound = await datagrams.open('127.0.0.1', 0);
    port.start(sink);
    port.share(STAGE_INFO_HASH);
    return {
      encrypted: encryption === 'require',
      heardAtFirstWord: true,
      strangersPort: gateway.utpAddress.port,
      port,
      listen: async (host) => {
        await port.listen(host, 0);
        return await gateway.lead(bound);
      },
      shutdown: async () => {
        await port.shutdown();
        await Promise.all([gateway.close(), datagrams.close()]);
      },
      receivedBytes: () => ({ placed: port.counters.placedBytes, copied: port.counters.copiedBytes }),
    };
  };
}

describePeerPort('LinkHost over uTP', utpMaker('off'), { copiesAccepted: true, datagrams: true });
describePeerPort('encrypted LinkHost over uTP', utpMaker('require'), { copiesAccepted: true, datagrams: true });
