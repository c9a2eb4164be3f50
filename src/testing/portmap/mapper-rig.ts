// Port mapping at one fake router, in virtual time.
import type { Gateway } from '../../engine/portmap/gateway-port.ts';
import type { MappingProtocol } from '../../engine/portmap/mapping-client.ts';
import { PortMapper } from '../../engine/portmap/port-mapper.ts';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { FakeGateway } from './fake-gateway.ts';

export const ROUTER: Gateway = { family: 4, host: '192.168.1.1', local: '192.168.1.2' };
export const ROUTER_6: Gateway = { family: 6, host: 'fe80::1%lan', local: '2001:db8:1::2' };

const STEP_MS = 50;

export class MapperRig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly router: FakeGateway;
  readonly mapper: PortMapper;
  readonly votes: string[] = [];
  changes = 0;

  constructor(speaks: readonly MappingProtocol[], gateways: readonly Gateway[] = [ROUTER]) {
    this.router = new FakeGateway(this.clock, speaks);
    this.mapper = new PortMapper({
      clock: this.clock,
      random: new SeededRandom(1),
      port: this.router,
      own: () => [
        { transport: 'tcp', port: 6881 },
        { transport: 'udp', port: 6881 },
      ],
      external: { vote: (host, voter) => this.votes.push(`${host} says ${voter}`) },
      changed: () => this.changes++,
    });
    this.router.start(this.mapper);
    this.mapper.gateways(gateways);
  }

  run(ms: number): void {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.mapper.tick();
      this.clock.advance(STEP_MS);
      this.router.deliver();
    }
  }

  /** What is open, as seen from here: `tcp 6881 pcp`. */
  get open(): string[] {
    return this.mapper.status.open.map(
      ({ transport, externalPort, protocol }) => `${transport} ${externalPort} ${protocol}`,
    );
  }

  /** What is open, as the router knows it. */
  get mapped(): string[] {
    return Array.from(
      this.router.mappings.values(),
      ({ transport, externalPort }) => `${transport} ${externalPort}`,
    ).sort();
  }
}
