import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const sources = (path: string) => fileURLToPath(new URL(`packages/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@tidings\/(client|react|vue)$/, replacement: sources('$1/src/index.ts') },
      { find: /^@tidings\/client\/(.+)$/, replacement: sources('client/src/$1.ts') },
    ],
  },
  test: { include: ['packages/{*,moving/*}/test/**/*.test.{ts,tsx}'] },
})
