// nginx over a folder, for tests and for the benchmark: a web server that nobody wrote for us.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_MS = 10_000;

export interface NginxOptions {
  /** The files that it serves. */
  readonly root: string;
  /** An empty folder for its own. */
  readonly home: string;
  /** Directives of its server block. */
  readonly directives?: readonly string[];
  /** Certificate and key files: it speaks https. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Why it cannot be started; `undefined` when it is installed. */
export function nginxMissing(): string | undefined {
  return spawnSync('nginx', ['-v']).status === 0 ? undefined : 'nginx is not installed (Debian: nginx-light or nginx)';
}

export class Nginx {
  /** With a slash at the end. */
  readonly url: string;
  readonly #log: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  private constructor(url: string, log: string, child: ChildProcess) {
    this.url = url;
    this.#log = log;
    this.#child = child;
    this.#gone = new Promise((resolve) => child.once('exit', resolve));
  }

  /** Starts it on a free port of 127.0.0.1 and waits until it answers. */
  static async start(options: NginxOptions): Promise<Nginx> {
    const { home, tls } = options;
    const port = await freePort();
    mkdirSync(home, { recursive: true });
    const config = path.join(home, 'nginx.conf');
    writeFileSync(config, configuration(options, port));
    const child = spawn('nginx', ['-c', config, '-p', home, '-e', path.join(home, 'error.log')], { stdio: 'ignore' });
    const nginx = new Nginx(
      `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/`,
      path.join(home, 'access.log'),
      child,
    );
    for (const endMs = performance.now() + START_MS; !(await answers(port)); ) {
      if (child.exitCode !== null || performance.now() > endMs)
        throw new Error(`nginx does not start, see ${home}/error.log`);
      await delay(10);
    }
    return nginx;
  }

  /** When the first request after the last `forget` began, in milliseconds since 1970; once it is answered. */
  firstRequestAtMs(): number | undefined {
    const [endSeconds, took] = readFileSync(this.#log, 'utf8').split('\n', 1)[0]!.split(' ').map(Number);
    return endSeconds === undefined || took === undefined ? undefined : (endSeconds - took) * 1000;
  }

  forget(): void {
    truncateSync(this.#log);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGQUIT');
    await this.#gone;
  }
}

function configuration({ root, home, directives = [], tls }: NginxOptions, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    worker_processes 1; daemon off; master_process off;
    pid ${home}/nginx.pid;
    events {}
    http {
      log_format times '$msec $request_time'; access_log ${home}/access.log times; sendfile on; tcp_nodelay on; absolute_redirect off;
      ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};
        ${tls === undefined ? '' : `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`}
        root "${root}";
        ${directives.join('\n        ')}
      }
    }`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
