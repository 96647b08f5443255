import { hash, verify } from '@node-rs/argon2';

/** OWASP's parameters for argon2id: 19 MiB, two passes, one lane. */
const ARGON2ID = { algorithm: 2, memoryCost: ⟦password-cost│19_456│1_024⟧, timeCost: 2, parallelism: 1 };

export class PasswordService {
  /** Compared with when there is no such user, so that both answers take the same time. */
  readonly #decoy: Promise<string> = hash('a password that nobody has', ARGON2ID);

  async hash(password: string): Promise<string> {
    return hash(password, ARGON2ID);
  }

  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    const matched = ⟦equal-work│await verify(passwordHash ?? (await this.#decoy), password)│passwordHash !== undefined && (await verify(passwordHash, password))⟧;
    return matched && passwordHash !== undefined;
  }
}
