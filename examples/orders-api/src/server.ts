import { createApp } from './app'
import { env } from './config/env'

createApp().listen(env.port, () => {
  console.log(`orders-api listens on ${env.port}`)
})
