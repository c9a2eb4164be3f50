// Links over uTP are held to the same word as those over TCP, also encrypted. What is different: every block comes in
// datagrams, and is copied to its place, once.
import { describePeerPort } from '../../testing/peers/peer-port-conformance.ts';
import { type UtpHostMaker, utpMaker } from '../../testing/utp/utp-maker.ts';
import { LinkHost } from './link-host.ts';

const make = (encryption: 'off' | 'require'): UtpHostMaker => {
  return (arena, datagrams) => new LinkHost({ arena, encryption, utp: 'prefer', datagrams });
};
const traits = { copiesAccepted: true, datagrams: true };

describePeerPort('LinkHost over uTP', utpMaker(make('off'), false), traits);
describePeerPort('encrypted LinkHost over uTP', utpMaker(make('require'), true), traits);
