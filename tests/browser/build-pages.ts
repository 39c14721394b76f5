/** Builds the test pages from the sources of the packages, once before all tests. */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const PAGES = here('../../target/browser-pages')

const NAMES = ['watch', 'crowd', 'moving/runs', 'moving/background-jobs', 'moving/job-dashboard', 'moving/task-status']

/** The packages from their sources. */
export const SOURCES = [
  { find: /^@tidings\/(recovery|runs|task-status)$/, replacement: here('../../packages/moving/$1/src/index.ts') },
  { find: /^@tidings\/([a-z]+)$/, replacement: here('../../packages/$1/src/index.ts') },
  { find: /^@tidings\/([a-z]+)\/(.+)$/, replacement: here('../../packages/$1/src/$2.ts') },
]

export default async function buildPages(): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    root: here('pages'),
    plugins: [react(), vue()],
    resolve: { alias: SOURCES },
    build: {
      outDir: PAGES,
      emptyOutDir: true,
      target: 'es2022',
      rollupOptions: { input: NAMES.map((name) => here(`pages/${name}.html`)) },
    },
  })
}
