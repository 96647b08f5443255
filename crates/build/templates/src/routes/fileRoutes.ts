import { raw, type RequestHandler, Router } from 'express';
import type { FileController } from '../controllers/fileController.js';
import { byUser } from '../middleware/rateLimit.js';
import type { UploadSettings } from '../types/file.js';
import type { Guards } from './guards.js';

/** Files of one resource; they come and go as they are, without JSON around them. */
export function fileRoutes<Row>(controller: FileController<Row>, settings: UploadSettings, reader: RequestHandler, { authenticate, csrf, limits }: Guards): Router {
  const router = Router({ mergeParams: true });
  const perUser = limits.limit({ name: `upload ${settings.resource}`, points: 30, seconds: 60 }, byUser);
  const content = raw({ type: [...settings.types], limit: settings.maxBytes, inflate: false });
  router.get('/', ⟦file-authentication│reader, ⟧controller.list);
  router.get('/:fileId', ⟦file-authentication│reader, ⟧controller.get);
  router.post('/', ⟦file-authentication│authenticate, ⟧⟦file-csrf│csrf, ⟧⟦file-limit│perUser, ⟧content, controller.add);
  router.delete('/:fileId', ⟦file-authentication│authenticate, ⟧⟦file-csrf│csrf, ⟧controller.remove);
  return router;
}
