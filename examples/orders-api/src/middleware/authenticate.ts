import type { NextFunction, Request, Response } from 'express'
import { TokenService } from '../services/tokenService'

const tokens = new TokenService()

export function authenticate(req: Request, res: Response, next: NextFunction) {
  const header = req.get('authorization') ?? ''
  const [scheme, token] = header.split(' ')
  if (scheme !== 'Bearer' || !token) {
    return res.status(401).json({ error: 'log in first' })
  }
  try {
    res.locals.customerId = tokens.verifySession(token)
    return next()
  } catch {
    return res.status(401).json({ error: 'log in again' })
  }
}
