import type { RawData, WebSocket } from 'ws';
import type { User } from '../types/actor.js';
import { type LiveAnswer, type LiveMessage, liveMessage } from '../types/live.js';

const MESSAGES = 20;
const MESSAGES_MILLISECONDS = 10_000;
/** Who does not read what is sent is not waited for. */
const UNREAD_BYTES = 100_000;

/** Why a socket ends, in the words of its protocol. */
export const CLOSED = { stopping: 1001, refused: 1003, tooMuch: 1008, again: 1013, signedOut: 4401 } as const;

/** One socket of one person. */
export class LiveConnection {
  readonly #listened = new Set<string>();
  #answered = true;
  #count = 0;
  #countedSince = 0;

  constructor(
    private readonly socket: WebSocket,
    readonly user: User,
  ) {
    socket.on('pong', () => {
      this.#answered = true;
    });
    // Frames that break the protocol or are too long end the socket; there is nobody else to tell.
    socket.on('error', () => socket.terminate());
  }

  /** Hands each message on, in their order. */
  onMessage(hear: (message: LiveMessage) => Promise<void>): void {
    let last = Promise.resolve();
    this.socket.on('message', (data, binary) => {
      if (⟦live-rate│this.#tooMany()│false⟧) {
        this.close('tooMuch');
        return;
      }
      const message = binary ? undefined : read(data);
      if (message === undefined) {
        this.send({ type: 'refused', code: 'validation_failed' });
        return;
      }
      last = last.then(() => hear(message)).catch(() => this.close('again'));
    });
  }

  onEnd(end: () => void): void {
    this.socket.once('close', end);
  }

  listen(resource: string, id: string | undefined): void {
    this.#listened.add(keyOf(resource, id));
  }

  ignore(resource: string, id: string | undefined): void {
    this.#listened.delete(keyOf(resource, id));
  }

  listensTo(resource: string, id?: string): boolean {
    return this.#listened.has(keyOf(resource, id));
  }

  get listened(): number {
    return this.#listened.size;
  }

  send(answer: LiveAnswer): void {
    if (this.socket.readyState !== this.socket.OPEN) {
      return;
    }
    if (⟦live-unread│this.socket.bufferedAmount > UNREAD_BYTES│false⟧) {
      this.socket.terminate();
      return;
    }
    this.socket.send(JSON.stringify(answer));
  }

  close(why: keyof typeof CLOSED): void {
    this.socket.close(CLOSED[why]);
  }

  /** Asks for a sign of life; who has not answered the last time is gone. */
  beat(): void {
    if (⟦live-heartbeat│!this.#answered│false⟧) {
      this.socket.terminate();
      return;
    }
    this.#answered = false;
    this.socket.ping();
  }

  #tooMany(): boolean {
    const now = Date.now();
    if (now - this.#countedSince > MESSAGES_MILLISECONDS) {
      this.#countedSince = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count > MESSAGES;
  }
}

function keyOf(resource: string, id: string | undefined): string {
  return `${resource} ${id ?? ''}`;
}

function read(data: RawData): LiveMessage | undefined {
  try {
    return liveMessage.safeParse(JSON.parse(String(data))).data;
  } catch {
    return undefined;
  }
}
