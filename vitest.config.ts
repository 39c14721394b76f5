import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: { '@tidings/client': fileURLToPath(new URL('packages/client/src/index.ts', import.meta.url)) },
  },
  test: { include: ['packages/*/test/**/*.test.ts'] },
})
