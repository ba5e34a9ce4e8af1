import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/properties.ts'],
    // Services are started and killed for real: give a noisy machine time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers would only take time from the services under test.
    maxWorkers: 2,
  },
})
