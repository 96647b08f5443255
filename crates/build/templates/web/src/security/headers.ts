/** What every answer tells browsers. */
export const SECURITY_HEADERS = [
⟦web-headers│  { key: 'Strict-Transport-Security', value: 'max-age=63072000; includeSubDomains' },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
⟧  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=()' },
] as const;

/** Scripts run that carry the nonce of this answer, and those that they load. `eval` is what React needs while it is developed. */
export function contentSecurityPolicy(nonce: string, developing: boolean): string {
  return [
    "default-src 'self'",
    ⟦web-scripts│`script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${developing ? " 'unsafe-eval'" : ''}`│`script-src 'self' 'unsafe-inline'${developing ? " 'unsafe-eval'" : ''}`⟧,
    `style-src 'self'${developing ? " 'unsafe-inline'" : ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
