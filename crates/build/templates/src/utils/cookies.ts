import type { CookieOptions, Request, Response } from 'express';

/** The prefixes make browsers refuse the cookie unless it is secure, and `__Host-` also binds it to this host. */
const ACCESS = '__Host-access';
const REFRESH = '__Secure-refresh';

const ACCESS_OPTIONS: CookieOptions = { httpOnly: ⟦cookie-http-only│true│false⟧, ⟦cookie-secure│secure: true, ⟧⟦cookie-same-site│sameSite: 'strict', ⟧path: '/' };
const REFRESH_OPTIONS: CookieOptions = { httpOnly: ⟦cookie-http-only│true│false⟧, ⟦cookie-secure│secure: true, ⟧⟦cookie-same-site│sameSite: 'strict', ⟧path: '/v1/auth' };

interface TokenCookies {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export function setTokens(res: Response, tokens: TokenCookies, accessSeconds: number, refreshSeconds: number): void {
  res.cookie(ACCESS, tokens.accessToken, { ...ACCESS_OPTIONS, maxAge: accessSeconds * 1_000 });
  res.cookie(REFRESH, tokens.refreshToken, { ...REFRESH_OPTIONS, maxAge: refreshSeconds * 1_000 });
}

export function clearTokens(res: Response): void {
  res.clearCookie(ACCESS, ACCESS_OPTIONS);
  res.clearCookie(REFRESH, REFRESH_OPTIONS);
}

export function accessTokenOf(req: Request): string | undefined {
  return cookie(req, ACCESS);
}

export function refreshTokenOf(req: Request): string | undefined {
  return cookie(req, REFRESH);
}

function cookie(req: Request, name: string): string | undefined {
  const cookies: Record<string, unknown> = req.cookies ?? {};
  const value = cookies[name];
  return typeof value === 'string' && value.length <= 2_048 ? value : undefined;
}
