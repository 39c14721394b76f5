import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const tidings = process.env.TIDINGS_URL ?? 'http://127.0.0.1:8430'

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('tidings-') } } })],
  server: {
    host: '127.0.0.1',
    port: 5174,
    // The browser sees one origin. A server without access control answers only to its own name, so `/api` is passed on under that.
    proxy: { '/api': { target: tidings, ws: true, changeOrigin: true, headers: { origin: tidings } } },
  },
})
