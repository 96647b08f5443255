import { redirect } from 'next/navigation';
import { ApiError } from '../../../frontend/http.js';
import { type Client, serviceForActions } from '../service/client.js';
import { FormError, type FormState, UNTOUCHED } from './state.js';

/** Runs what a form asks for; what was refused is shown in the form. */
export async function submit(work: (client: Client) => Promise<void>): Promise<FormState> {
  try {
    await work(await serviceForActions());
    return UNTOUCHED;
  } catch (error) {
    if (error instanceof FormError) {
      return { message: error.message, issues: error.issues };
    }
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return { message: error.problem.title, issues: error.problem.issues ?? [] };
  }
}

/** The same for whoever is signed in; all others are sent to do so. */
export async function submitSignedIn(work: (client: Client) => Promise<void>): Promise<FormState> {
  return submit(async (client) => {
    try {
      await work(client);
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) {
        redirect('/sign-in');
      }
      throw error;
    }
  });
}
