import { cookieHeader, type SessionCookie, sessionCookies } from './cookies.js';

/** Pages that a browser loads at once come with the same token, which is good once: so long they share what it got. */
const SHARED_MILLISECONDS = 10_000;

export type Renew = (cookies: readonly { readonly name: string; readonly value: string }[]) => Promise<readonly SessionCookie[]>;

/** Asks the service for a new access token when the last one is over, once for each refresh token. */
export function createRenewal(apiUrl: () => string, send: typeof fetch = fetch): Renew {
  const running = new Map<string, Promise<readonly SessionCookie[]>>();
  return async (cookies) => {
    const token = cookies.find(({ name }) => name === '__Secure-refresh')?.value;
    if (token === undefined || cookies.some(({ name, value }) => name === '__Host-access' && value !== '')) {
      return [];
    }
    const known = running.get(token);
    if (⟦web-renewal-once│known !== undefined│known !== undefined && running.size < 0⟧) {
      return known;
    }
    const renewed = renew(apiUrl(), cookieHeader([{ name: '__Secure-refresh', value: token }]), send);
    running.set(token, renewed);
    setTimeout(() => running.delete(token), SHARED_MILLISECONDS).unref();
    return renewed;
  };
}

/** A service that is away, or that refuses, sets nothing: the page then asks to sign in. */
async function renew(apiUrl: string, cookies: string, send: typeof fetch): Promise<readonly SessionCookie[]> {
  try {
    const answer = await send(new URL('/v1/auth/refresh', apiUrl), { method: 'POST', headers: { Cookie: cookies } });
    return sessionCookies(answer.headers.getSetCookie());
  } catch {
    return [];
  }
}
