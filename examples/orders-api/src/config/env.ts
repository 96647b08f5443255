function required(name: string): string {
  const value = process.env[name]
  if (!value) {
    throw new Error(`${name} is not set`)
  }
  return value
}

export const env = {
  port: Number(process.env.PORT ?? 3000),
  databaseUrl: required('DATABASE_URL'),
  invoiceFolder: process.env.INVOICE_FOLDER ?? '/var/lib/orders/invoices',
  // Signs the sessions of the storefront.
  sessionSecret: required('SESSION_SECRET'),
  // Signs the links in mails.
  linkSecret: 'orders-link-2019',
}
