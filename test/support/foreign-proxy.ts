// Proxies that nobody wrote for us, on a free port of this machine: dante (SOCKS5 with UDP), microsocks (SOCKS5, TCP alone) and
// tinyproxy (HTTP).
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { pauseMs } from './deadline.ts';
import { freePort } from './free-port.ts';
import { Program } from './program.ts';
import type { Stoppable, Workspace } from './workspace.ts';

export type ForeignProxyName = 'dante' | 'microsocks' | 'tinyproxy';

/** What the two that ask for it want to hear. */
export const CREDENTIALS = { user: 'mill', password: 'race-4711' } as const;

const READY_TIMEOUT_MS = 60_000;

const DANTE = (port: number): string => `
logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: lo
clientmethod: none
socksmethod: none
client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 command: bind connect udpassociate }
socks pass { from: 0.0.0.0/0 to: 127.0.0.0/8 command: bindreply udpreply }
`;

const TINYPROXY = (port: number): string => `
Port ${port}
Listen 127.0.0.1
Timeout 600
MaxClients 100
Allow 127.0.0.1
DisableViaHeader No
BasicAuth ${CREDENTIALS.user} ${CREDENTIALS.password}
`;

/** Why it cannot be started; `undefined` when it is installed. */
export function foreignProxyMissing(name: ForeignProxyName): string | undefined {
  const command = { dante: 'danted', microsocks: 'microsocks', tinyproxy: 'tinyproxy' }[name];
  const found = spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  return found ? undefined : `${name} is not installed (Debian: ${name === 'dante' ? 'dante-server' : name})`;
}

export class ForeignProxy implements Stoppable {
  readonly port: number;
  readonly #program: Program;

  private constructor(port: number, program: Program) {
    this.port = port;
    this.#program = program;
  }

  static async start(workspace: Workspace, name: ForeignProxyName): Promise<ForeignProxy> {
    const port = await freePort();
    const program = workspace.own(new Program(...(await commandOf(workspace, name, port))));
    let ended = false;
    void program.ended.then(() => {
      ended = true;
    });
    for (const endMs = performance.now() + READY_TIMEOUT_MS; !(await answers(port)); await pauseMs(20)) {
      if (ended || performance.now() > endMs) throw new Error(`${name} does not start: ${program.errors.tail()}`);
    }
    return new ForeignProxy(port, program);
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}

async function commandOf(workspace: Workspace, name: ForeignProxyName, port: number): Promise<[string, string[]]> {
  const home = path.join(workspace.path, name);
  await mkdir(home, { recursive: true });
  const config = path.join(home, 'conf');
  const { user, password } = CREDENTIALS;
  switch (name) {
    case 'microsocks':
      return ['microsocks', ['-i', '127.0.0.1', '-p', `${port}`, '-u', user, '-P', password]];
    case 'dante':
      await writeFile(config, DANTE(port));
      return ['danted', ['-f', config, '-p', path.join(home, 'pid')]];
    default:
      await writeFile(config, TINYPROXY(port));
      return ['tinyproxy', ['-d', '-c', config]];
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
