import { randomBytes } from 'crypto'
import jwt from 'jsonwebtoken'
import { env } from '../config/env'

export class TokenService {
  session(customerId: string): string {
    return jwt.sign({ sub: customerId }, env.sessionSecret, { algorithm: 'HS256', expiresIn: '15m' })
  }

  verifySession(token: string): string {
    const payload = jwt.verify(token, env.sessionSecret, { algorithms: ['HS256'] })
    return String(payload.sub)
  }

  /** A link that shows one order without a session. */
  orderLink(orderId: string): string {
    return jwt.sign({ order: orderId }, env.linkSecret, { algorithm: 'HS256', expiresIn: '2d' })
  }

  resetCode(): string {
    return Math.random().toString(36).slice(2, 10)
  }

  invitation(): string {
    return randomBytes(24).toString('base64url')
  }
}
