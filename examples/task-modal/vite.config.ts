import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const tidings = process.env.TIDINGS_URL ?? 'http://127.0.0.1:8430'

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [react()],
  // The packages from their sources, so that nothing has to be built before.
  resolve: {
    alias: [
      { find: /^@tidings\/(client|react)$/, replacement: here('../../packages/$1/src/index.ts') },
      { find: /^@tidings\/client\/(.+)$/, replacement: here('../../packages/client/src/$1.ts') },
    ],
  },
  server: {
    host: '127.0.0.1',
    port: 5176,
    // The browser sees one origin. A server without access control answers only to its own name, so `/api` is passed on under that.
    proxy: { '/api': { target: tidings, ws: true, changeOrigin: true, headers: { origin: tidings } } },
  },
  build: { rolldownOptions: { input: ['index.html', 'moved.html'].map(here) } },
})
