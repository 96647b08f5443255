import { arrive } from '../../../../session/arrival.js';

/** Ways to identity providers and back. */
export const GET = arrive;
export const POST = arrive;
