import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Below this many bytes a packed twin saves nothing. */
const WORTH_PACKING = 1024

/** Puts a `.gz` and a `.br` beside each text file, so that the server packs nothing. */
function packedTwins(): Plugin {
  return {
    name: 'packed-twins',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          const source = file.type === 'chunk' ? file.code : file.source
          if (!/\.(js|css|html)$/.test(file.fileName) || source.length < WORTH_PACKING) continue
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzipSync(source, { level: 9 }) })
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.br`, source: brotliCompressSync(source) })
        }
      },
    },
  }
}

const server = process.env.TIDINGS_URL ?? 'http://127.0.0.1:8430'

export default defineConfig({
  base: './',
  plugins: [react(), packedTwins()],
  resolve: {
    alias: [
      { find: /^@tidings\/client$/, replacement: fileURLToPath(new URL('../client/src/index.ts', import.meta.url)) },
      { find: /^@tidings\/client\/(.+)$/, replacement: fileURLToPath(new URL('../client/src/$1.ts', import.meta.url)) },
    ],
  },
  build: {
    target: 'es2022',
    // A strict policy allows no `data:` address and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Without access control the server answers only to its own name.
  server: { proxy: { '/api': { target: server, ws: true, changeOrigin: true, headers: { origin: server } } } },
})
