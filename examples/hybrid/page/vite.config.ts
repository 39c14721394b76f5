import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const packages = (path: string) => fileURLToPath(new URL(`../../../packages/${path}`, import.meta.url))

// The packages from their sources, so that nothing has to be built before.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  resolve: {
    alias: [
      { find: /^@tidings\/client\/(.+)$/, replacement: packages('client/src/$1.ts') },
      { find: /^@tidings\/(client|react|element)$/, replacement: packages('$1/src/index.ts') },
      { find: '@tidings/recovery', replacement: packages('moving/recovery/src/index.ts') },
    ],
  },
  build: { rolldownOptions: { input: ['index.html', 'jobs.html'].map((name) => fileURLToPath(new URL(name, import.meta.url))) } },
})
