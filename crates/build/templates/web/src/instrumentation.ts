import { apiUrl } from './service/address.js';

/** Nothing is served by a server that knows no service. */
export function register(): void {
  apiUrl();
}
