import { Router } from 'express'
import { pool } from '../config/database'
import { asyncHandler } from '../middleware/asyncHandler'
import { CustomerRepository } from '../repositories/customerRepository'
import { TokenService } from '../services/tokenService'

const customers = new CustomerRepository(pool)
const tokens = new TokenService()

export const authRoutes = Router()

authRoutes.post(
  '/login',
  asyncHandler(async (req, res) => {
    const customer = await customers.authenticate(String(req.body.mail), String(req.body.password))
    if (!customer) {
      return res.status(401).json({ error: 'mail or password is wrong' })
    }
    res.cookie('session', tokens.session(customer.id), { httpOnly: true, secure: true, sameSite: 'lax' })
    return res.redirect(String(req.query.next ?? '/'))
  }),
)

authRoutes.post('/logout', (req, res) => {
  res.clearCookie('session')
  res.redirect(req.query.to === 'shop' ? '/' : '/auth/login')
})

authRoutes.post(
  '/forgot',
  asyncHandler(async (req, res) => {
    await customers.saveResetCode(String(req.body.mail), tokens.resetCode())
    res.status(202).end()
  }),
)

authRoutes.post(
  '/invite',
  asyncHandler(async (req, res) => {
    await customers.saveInvitation(String(req.body.mail), tokens.invitation())
    res.status(202).end()
  }),
)
