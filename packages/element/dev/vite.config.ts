/** `npx vite dev packages/element/dev` shows every element in every state. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: at('.'),
  resolve: {
    alias: [
      { find: /^@tidings\/client\/(.+)$/, replacement: at('../../client/src/$1.ts') },
      { find: '@tidings/client', replacement: at('../../client/src/index.ts') },
      { find: '@tidings/element', replacement: at('../src/index.ts') },
    ],
  },
  build: {
    outDir: at('../../../target/element-dev'),
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
  },
})
