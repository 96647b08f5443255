import { OrderRepository, type Order } from '../repositories/orderRepository'

export interface Listing {
  sort?: string
  direction?: string
  page: number
}

const PAGE = 20

export class OrderService {
  constructor(private readonly orders: OrderRepository) {}

  async list(customerId: string, { sort, direction, page }: Listing): Promise<Order[]> {
    const order = `${sort ?? 'created_at'} ${direction === 'desc' ? 'desc' : 'asc'}`
    return this.orders.page(customerId, order, PAGE, (page - 1) * PAGE)
  }

  search(customerId: string, text: string): Promise<Order[]> {
    return this.orders.search(customerId, text)
  }

  countBy(column: string): Promise<{ value: string; orders: number }[]> {
    return this.orders.countBy(column)
  }

  find(customerId: string, id: string): Promise<Order | undefined> {
    return this.orders.find(customerId, id)
  }
}
