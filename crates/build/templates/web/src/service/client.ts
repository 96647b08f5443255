import { cookies, headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { ApiError } from '../../../frontend/http.js';
import { createClient } from '../../../frontend/index.js';
import { cookieHeader, sessionCookies } from '../session/cookies.js';
import { apiUrl } from './address.js';

/** What the service hears of the browser. It counts its proxies itself. */
const HANDED_ON = ['User-Agent', 'X-Forwarded-For'];

export type Client = ReturnType<typeof createClient>;

/** The service, for whoever has sent the request at hand. Pages read with it. */
export async function service(): Promise<Client> {
  return createClient(await settings());
}

/** The same for actions, which may also set cookies: what the service says of the session goes on to the browser. */
export async function serviceForActions(): Promise<Client> {
  const jar = await cookies();
  return createClient({
    ...(await settings()),
    onCookies: (lines) => {
      for (const cookie of sessionCookies(lines)) {
        jar.set(cookie);
      }
    },
  });
}

async function settings() {
  const given = await headers();
  return {
    baseUrl: apiUrl(),
    cookies: cookieHeader((await cookies()).getAll()),
    headers: Object.fromEntries(HANDED_ON.map((name) => [name, given.get(name) ?? ''])),
  };
}

/** What a page shows; whoever is not signed in is sent to do so. */
export async function signedIn<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 401) {
      redirect('/sign-in');
    }
    throw error;
  }
}
