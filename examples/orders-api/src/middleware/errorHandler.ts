import type { NextFunction, Request, Response } from 'express'

export function errorHandler(err: Error, req: Request, res: Response, next: NextFunction) {
  if (res.headersSent) {
    return next(err)
  }
  return res.status(500).json({ error: err.message, stack: err.stack })
}
