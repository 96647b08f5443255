import { Router } from 'express'
import { pool } from '../config/database'
import { asyncHandler } from '../middleware/asyncHandler'
import { OrderRepository } from '../repositories/orderRepository'
import { OrderService } from '../services/orderService'

const service = new OrderService(new OrderRepository(pool))

export const orderRoutes = Router()

orderRoutes.get(
  '/',
  asyncHandler(async (req, res) => {
    const { sort, direction } = req.query as { sort?: string; direction?: string }
    const page = Number(req.query.page ?? 1)
    res.json(await service.list(res.locals.customerId, { sort, direction, page }))
  }),
)

orderRoutes.get(
  '/search',
  asyncHandler(async (req, res) => {
    res.json(await service.search(res.locals.customerId, String(req.query.text ?? '')))
  }),
)

orderRoutes.get(
  '/by-status',
  asyncHandler(async (req, res) => {
    res.json(await service.countBy(String(req.query.column ?? 'status')))
  }),
)

orderRoutes.get(
  '/:id',
  asyncHandler(async (req, res) => {
    const order = await service.find(res.locals.customerId, req.params.id)
    if (!order) {
      return res.status(404).json({ error: 'no such order' })
    }
    return res.json(order)
  }),
)
