import { Router } from 'express'
import { env } from '../config/env'
import { asyncHandler } from '../middleware/asyncHandler'
import { InvoiceService } from '../services/invoiceService'

const invoices = new InvoiceService(env.invoiceFolder)

export const invoiceRoutes = Router()

invoiceRoutes.get(
  '/file/:name',
  asyncHandler(async (req, res) => {
    res.type('application/pdf').send(await invoices.read(req.params.name))
  }),
)

invoiceRoutes.get(
  '/archive',
  asyncHandler(async (req, res) => {
    res.type('application/pdf').send(await invoices.readArchived(String(req.query.name ?? '')))
  }),
)

invoiceRoutes.post(
  '/',
  asyncHandler(async (req, res) => {
    const { orderId, title } = req.body
    res.status(201).json({ file: await invoices.print(orderId, title) })
  }),
)

invoiceRoutes.post(
  '/:number/pages',
  asyncHandler(async (req, res) => {
    res.json({ pages: await invoices.countPages(req.params.number) })
  }),
)
