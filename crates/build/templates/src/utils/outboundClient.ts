import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from './errors.js';
import { type Bounds, exchange, type OutboundAnswer, type OutboundRequest } from './exchange.js';
import { isPublic } from './publicAddress.js';

const ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 200;
/** So many failures in a row, and nothing is sent for a while: who is down is left alone. */
const FAILURES = 5;
const OPEN_MILLISECONDS = 30_000;
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

export interface OutboundSettings extends Bounds {
  readonly hosts: readonly string[];
}

/** Why nothing was sent, or nothing came back. Clients hear that the service is not available. */
export class OutboundError extends UnavailableError {
  constructor(
    readonly reason: string,
    override readonly cause?: unknown,
  ) {
    super();
  }
}

/** What lies behind a client: names, connections and time. */
export interface Network {
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly send: typeof exchange;
  readonly now: () => number;
}

export const INTERNET: Network = {
  resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  send: exchange,
  now: Date.now,
};

/** Calls one other service: https only, the hosts that are named only, and never an address inside our own network. */
export class OutboundClient {
  #failures = 0;
  #closedUntil = 0;

  constructor(
    private readonly settings: OutboundSettings,
    private readonly network: Network = INTERNET,
  ) {}

  async call(request: OutboundRequest): Promise<OutboundAnswer> {
    this.#check(request.url);
    if (this.network.now() < this.#closedUntil) {
      throw new OutboundError('it has failed too often');
    }
    const attempts = REPEATABLE.has(request.method) ? ATTEMPTS : 1;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await this.network.send(request, await this.#addressOf(request.url.hostname), this.settings);
        if (answer.status < 500 || attempt === attempts) {
          this.#count(answer.status < 500);
          return answer;
        }
      } catch (error) {
        if (error instanceof OutboundError) {
          throw error;
        }
        if (attempt === attempts) {
          this.#count(false);
          throw new OutboundError('it does not answer', error);
        }
      }
      await sleep(Math.random() * PAUSE_MILLISECONDS * 2 ** attempt);
    }
  }

  #check({ protocol, hostname, port, username, password }: URL): void {
    if (⟦outbound-https│protocol !== 'https:' || port !== ''│false⟧) {
      throw new OutboundError('only https on its usual port is allowed');
    }
    if (username !== '' || password !== '') {
      throw new OutboundError('credentials do not belong into a URL');
    }
    if (⟦outbound-hosts│!this.settings.hosts.includes(hostname)│false⟧) {
      throw new OutboundError('the host is not one of those that are allowed');
    }
  }

  /** One address for a name, if all of them are public: a name that also means one of our own machines is a trap. */
  async #addressOf(host: string): Promise<string> {
    const addresses = await this.network.resolve(host);
    const [first] = addresses;
    if (first === undefined || ⟦outbound-public│!addresses.every(isPublic)│false⟧) {
      throw new OutboundError('the name does not lead to the internet');
    }
    return first;
  }

  #count(good: boolean): void {
    this.#failures = good ? 0 : this.#failures + 1;
    if (⟦outbound-breaker│this.#failures >= FAILURES│false⟧) {
      this.#closedUntil = this.network.now() + OPEN_MILLISECONDS;
      this.#failures = 0;
    }
  }
}
