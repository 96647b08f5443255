import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Files share what they import, and each has a database of its own.
    isolate: false,
    globalSetup: ['test/support/globalSetup.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/services/**', 'src/middleware/**'],
      thresholds: { lines: 80 },
    },
  },
});
