import { readFileSync } from 'node:fs';
import { ConfigError } from './configError.js';

/**
 * Secret managers hand values out as files: Vault by its agent, the stores of clouds by drivers of Kubernetes, Docker by its
 * secrets. `NAME_FILE` names the file that holds the value of `NAME`.
 */
export function withSecretFiles(source: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  const read = names.flatMap((name) => {
    const path = source[`${name}_FILE`] ?? '';
    if (path !== '' && (source[name] ?? '') !== '') {
      throw new ConfigError(`${name} and ${name}_FILE are both set; leave one out`);
    }
    return path === '' ? [] : [[name, contentOf(name, path)] as const];
  });
  return { ...source, ...Object.fromEntries(read) };
}

/** Without the end of the line that editors and managers leave behind. */
function contentOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new ConfigError(`the file that ${name}_FILE names cannot be read`, { cause: error });
  }
}
