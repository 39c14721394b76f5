/** Builds the test pages from the sources of the packages, once before all tests. */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const PAGES = here('../../target/browser-pages')

export default async function buildPages(): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    root: here('pages'),
    resolve: {
      alias: [
        { find: /^@tidings\/([a-z]+)$/, replacement: here('../../packages/$1/src/index.ts') },
        { find: /^@tidings\/([a-z]+)\/(.+)$/, replacement: here('../../packages/$1/src/$2.ts') },
      ],
    },
    build: {
      outDir: PAGES,
      emptyOutDir: true,
      target: 'es2022',
      rollupOptions: { input: ['watch.html', 'crowd.html'].map((page) => here(`pages/${page}`)) },
    },
  })
}
