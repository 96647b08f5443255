/** Answers that were worked out a moment ago, the newest so many. Whoever asks while one is worked out waits for it. */
export class Cache<Value> {
  readonly #kept = new Map<string, { readonly value: Promise<Value>; readonly until: number }>();

  constructor(
    private readonly seconds: number,
    private readonly most: number,
    private readonly now: () => number = Date.now,
  ) {}

  async get(key: string, make: () => Promise<Value>): Promise<Value> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && ⟦cache-lifetime│kept.until > this.now()│kept.until > 0⟧) {
      return kept.value;
    }
    const value = make();
    this.#kept.delete(key);
    this.#kept.set(key, { value, until: this.now() + this.seconds * 1_000 });
    const oldest = this.#kept.keys().next();
    if (⟦cache-size│this.#kept.size > this.most && !oldest.done│this.#kept.size < 0 && !oldest.done⟧) {
      this.#kept.delete(oldest.value);
    }
    try {
      return await value;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
  }

  clear(): void {
    this.#kept.clear();
  }
}
