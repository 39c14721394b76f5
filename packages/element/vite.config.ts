import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    lib: { entry: ['src/index.ts', 'src/jsx.ts'], formats: ['es'] },
    target: 'es2022',
    sourcemap: true,
    rolldownOptions: { external: /^@tidings\/client/ },
  },
})
