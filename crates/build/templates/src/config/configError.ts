/** The environment is not what the service needs. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
