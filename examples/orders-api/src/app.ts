import express from 'express'
import path from 'path'
import { authenticate } from './middleware/authenticate'
import { errorHandler } from './middleware/errorHandler'
import { authRoutes } from './routes/auth'
import { hookRoutes } from './routes/hooks'
import { invoiceRoutes } from './routes/invoices'
import { orderRoutes } from './routes/orders'
import { storefrontRoutes } from './routes/storefront'

export function createApp() {
  const app = express()
  app.set('view engine', 'ejs')
  app.set('views', path.join(__dirname, '..', 'views'))
  app.use(express.json({ limit: '100kb' }))
  app.use(express.urlencoded({ extended: false }))

  app.use('/', storefrontRoutes)
  app.use('/auth', authRoutes)
  app.use('/orders', authenticate, orderRoutes)
  app.use('/invoices', authenticate, invoiceRoutes)
  app.use('/hooks', authenticate, hookRoutes)

  app.use(errorHandler)
  return app
}
