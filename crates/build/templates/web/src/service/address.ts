/** Where the service answers, as this server reaches it. */
export function apiUrl(): string {
  const url = process.env['API_URL'];
  if (url === undefined || !/^https?:/.test(url) || !URL.canParse(url)) {
    throw new Error('API_URL is missing or is no address, such as http://localhost:3000');
  }
  return url;
}
