import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const read = (name: string): Promise<string> => readFile(new URL(`../../deploy/kubernetes/${name}.yaml`, import.meta.url), 'utf8');

describe('the Kubernetes manifests', () => {
  it.each(['service', 'migrate'])('give no privileges to %s', async (name) => {
    const text = await read(name);
    for (const setting of [
      'automountServiceAccountToken: false',
      'runAsNonRoot: true',
      'allowPrivilegeEscalation: false',
      'readOnlyRootFilesystem: true',
      'capabilities: { drop: [ALL] }',
      'seccompProfile: { type: RuntimeDefault }',
    ]) {
      expect(text).toContain(setting);
    }
  });

  it('close the network in both directions', async () => {
    expect(await read('network')).toContain('policyTypes: [Ingress, Egress]');
  });

  it('give the rights of the owner to the migration only', async () => {
    expect(await read('service')).not.toContain('-owner');
    expect(await read('migrate')).toContain('-owner');
  });
});
