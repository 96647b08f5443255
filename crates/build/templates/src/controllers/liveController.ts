import type { Request, Response } from 'express';
import { WebSocketServer } from 'ws';
import { userOf } from '../middleware/authenticate.js';
import type { LiveService } from '../services/liveService.js';
import { TooManyRequestsError, UpgradeRequiredError } from '../utils/errors.js';
import { LiveConnection } from '../utils/liveConnection.js';
import { takeUpgrade } from '../utils/upgrade.js';

const MESSAGE_BYTES = 1_000;
const LATER_SECONDS = 60;

/** Turns requests that have passed their guards into sockets. */
export class LiveController {
  // Compression would let small messages grow without a bound on memory.
  readonly #sockets = new WebSocketServer({ noServer: true, clientTracking: false, ⟦live-message-size│maxPayload: MESSAGE_BYTES, ⟧perMessageDeflate: false });

  constructor(private readonly live: LiveService) {}

  open = (req: Request, _res: Response): void => {
    const user = userOf(req);
    if (!this.live.hasRoomFor(user)) {
      throw new TooManyRequestsError(LATER_SECONDS);
    }
    const upgrade = takeUpgrade(req);
    if (upgrade === undefined) {
      throw new UpgradeRequiredError();
    }
    this.#sockets.handleUpgrade(req, upgrade.socket, upgrade.head, (socket) => {
      req.log.info('a socket is open');
      this.live.connect(new LiveConnection(socket, user));
    });
  };
}
