// In which order the transports of one dial are started, and when it is lost: the preferred one has a head start, one that fails
// makes way for the next at once. Who wins ends the race; what is raced is the caller's.
import { isOutage, type Transport } from '../../engine/ports.ts';
import { TRANSPORT_HEAD_START_MS, UTP_ALONE_TIMEOUT_MS } from '../limits.ts';

export interface TransportRaceParts<Failure> {
  /** One at least. */
  readonly order: readonly Transport[];
  readonly start: (transport: Transport) => void;
  /** Nobody is left, or nobody whom it is worth waiting for. */
  readonly lost: (failure: Failure) => void;
}

export class TransportRace<Failure extends { readonly code?: string | undefined }> {
  readonly #parts: TransportRaceParts<Failure>;
  readonly #waiting: Transport[];
  #headStart: NodeJS.Timeout | undefined;
  #headStartOver: NodeJS.Immediate | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** Transports that were started and have neither won nor failed. */
  #running = 0;
  #over = false;
  /** The first failure, for that of the preferred transport says most; unless our own way out is closed. */
  #failure: Failure | undefined;

  constructor(parts: TransportRaceParts<Failure>) {
    this.#parts = parts;
    this.#waiting = [...parts.order];
  }

  /** Starts the first one; the next when its head start is over. */
  readonly start = (): void => {
    this.#endHeadStart();
    const transport = this.#waiting.shift();
    if (transport === undefined) return;
    this.#running++;
    if (this.#waiting.length > 0) this.#headStart = setTimeout(this.#afterHeadStart, TRANSPORT_HEAD_START_MS);
    this.#parts.start(transport);
  };

  /** One that was started has failed. */
  failed(transport: Transport, failure: Failure): void {
    if (this.#over) return;
    this.#running--;
    if (this.#failure === undefined || isOutage(failure.code ?? '')) this.#failure = failure;
    if (this.#waiting.length > 0) this.start();
    if (this.#running === 0) this.#lose();
    // A host that refuses TCP is there: it would answer over uTP soon. One that is silent both ways has the whole time.
    else if (transport === 'tcp') this.#patience ??= setTimeout(this.#lose, UTP_ALONE_TIMEOUT_MS);
  }

  /** It is decided, or given up. */
  stop(): void {
    this.#over = true;
    this.#endHeadStart();
    clearTimeout(this.#patience);
  }

  /** An event loop that was held up so long hears first what has come meanwhile: that the first one has won, perhaps. */
  readonly #afterHeadStart = (): void => {
    this.#headStartOver = setImmediate(this.start);
  };

  #endHeadStart(): void {
    clearTimeout(this.#headStart);
    clearImmediate(this.#headStartOver);
  }

  readonly #lose = (): void => {
    if (this.#over) return;
    this.stop();
    this.#parts.lost(this.#failure!);
  };
}
