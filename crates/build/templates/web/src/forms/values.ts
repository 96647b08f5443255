/** What a field of a form holds, as the service wants it. An empty field is one that was not filled in. */
export function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberOf(form: FormData, name: string): number | undefined {
  const value = textOf(form, name);
  return value === undefined ? undefined : Number(value);
}

/** An amount as people write it, in the smallest unit of its currency. */
export function amountOf(form: FormData, name: string, currency: string): number | undefined {
  const value = numberOf(form, name);
  return value === undefined ? undefined : Math.round(value * 10 ** decimals(currency));
}

export function flagOf(form: FormData, name: string): boolean {
  return form.get(name) !== null;
}

/** A moment of UTC: browsers name no zone, and seconds only where there are some. */
export function momentOf(form: FormData, name: string): string | undefined {
  const value = textOf(form, name);
  return value === undefined ? undefined : `${value.length > 16 ? value : `${value}:00`}Z`;
}

/** How many digits an amount has behind the point. */
export function decimals(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}
