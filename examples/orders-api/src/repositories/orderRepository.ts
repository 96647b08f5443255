import type { Pool } from 'pg'

export interface Order {
  id: string
  customerId: string
  status: string
  note: string
}

const COUNTED: Record<string, string> = { status: 'status', country: 'ship_country', month: 'created_month' }

export class OrderRepository {
  constructor(private readonly pool: Pool) {}

  async page(customerId: string, order: string, limit: number, offset: number): Promise<Order[]> {
    const text = `select * from orders where customer_id = $1 order by ${order} limit ${limit} offset ${offset}`
    const { rows } = await this.pool.query(text, [customerId])
    return rows
  }

  async search(customerId: string, text: string): Promise<Order[]> {
    const { rows } = await this.pool.query('select * from orders where customer_id = $1 and note ilike $2', [
      customerId,
      `%${text}%`,
    ])
    return rows
  }

  async countBy(column: string) {
    const known = COUNTED[column]
    if (!known || !Object.hasOwn(COUNTED, column)) {
      throw new Error('orders cannot be counted by that')
    }
    const { rows } = await this.pool.query(`select ${known} as value, count(*) as orders from orders group by ${known}`)
    return rows
  }

  async find(customerId: string, id: string): Promise<Order | undefined> {
    const { rows } = await this.pool.query('select * from orders where customer_id = $1 and id = $2', [customerId, id])
    return rows[0]
  }
}
