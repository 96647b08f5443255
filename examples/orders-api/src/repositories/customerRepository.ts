import { scrypt, timingSafeEqual } from 'crypto'
import type { Pool } from 'pg'
import { promisify } from 'util'

const derive = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>

export interface Customer {
  id: string
  mail: string
}

export class CustomerRepository {
  constructor(private readonly pool: Pool) {}

  async authenticate(mail: string, password: string): Promise<Customer | undefined> {
    const { rows } = await this.pool.query('select id, mail, salt, password_hash from customers where mail = $1', [mail])
    const row = rows[0]
    if (!row) {
      return undefined
    }
    const hash = await derive(password, row.salt, 64)
    return timingSafeEqual(hash, Buffer.from(row.password_hash, 'hex')) ? { id: row.id, mail: row.mail } : undefined
  }

  async saveResetCode(mail: string, resetToken: string): Promise<void> {
    await this.pool.query('update customers set reset_token = $2 where mail = $1', [mail, resetToken])
  }

  async saveInvitation(mail: string, invitationToken: string): Promise<void> {
    await this.pool.query('insert into invitations (mail, token) values ($1, $2)', [mail, invitationToken])
  }
}
