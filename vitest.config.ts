import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // Sub-paths first: an alias also takes what begins with it.
    alias: [
      {
        find: /^@tidings\/client\/(.+)$/,
        replacement: fileURLToPath(new URL('packages/client/src/$1.ts', import.meta.url)),
      },
      {
        find: '@tidings/client',
        replacement: fileURLToPath(new URL('packages/client/src/index.ts', import.meta.url)),
      },
    ],
  },
  test: { include: ['packages/*/test/**/*.test.{ts,tsx}'] },
})
