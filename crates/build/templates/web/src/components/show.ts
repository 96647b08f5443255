import { decimals } from '../forms/values.js';

/** Values as a table shows them. */
export function show(value: string | number | null): string {
  return value === null ? '–' : String(value);
}

export function showFlag(value: boolean | null): string {
  return value === null ? '–' : value ? 'yes' : 'no';
}

export function showMoment(value: string | null): string {
  return value === null ? '–' : `${value.slice(0, 16).replace('T', ' ')} UTC`;
}

export function showAmount(value: number | null, currency: string): string {
  return value === null ? '–' : new Intl.NumberFormat('en', { style: 'currency', currency }).format(value / 10 ** decimals(currency));
}
