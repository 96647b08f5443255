import { Pool } from 'pg'
import { env } from './env'

export const pool = new Pool({ connectionString: env.databaseUrl, max: 10 })
