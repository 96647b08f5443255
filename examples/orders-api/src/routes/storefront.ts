import { Router } from 'express'
import { pool } from '../config/database'
import { asyncHandler } from '../middleware/asyncHandler'

export const storefrontRoutes = Router()

storefrontRoutes.get(
  '/',
  asyncHandler(async (req, res) => {
    const text = String(req.query.q ?? '')
    const { rows } = await pool.query('select id, title, price from products where title ilike $1 limit 50', [`%${text}%`])
    res.render('products', { products: rows, text, banner: req.query.campaign })
  }),
)
