import fc from 'fast-check'

/**
 * Properties try other examples at every run of a developer, so that they go on finding; in CI
 * they try the same ones, so that a change is judged by itself.
 */
if (process.env['CI'] === 'true') fc.configureGlobal({ seed: 20_261_123 })
