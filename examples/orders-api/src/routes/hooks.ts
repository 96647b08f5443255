import { Router } from 'express'
import { asyncHandler } from '../middleware/asyncHandler'
import { callHook, fetchRates } from '../services/outbound'

export const hookRoutes = Router()

hookRoutes.post(
  '/test',
  asyncHandler(async (req, res) => {
    res.json({ status: await callHook(req.body.url) })
  }),
)

hookRoutes.get(
  '/rates',
  asyncHandler(async (req, res) => {
    res.json(await fetchRates(String(req.query.provider ?? ''), String(req.query.currency ?? 'EUR')))
  }),
)
