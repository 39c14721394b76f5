import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'index' },
    target: 'es2022',
    sourcemap: true,
    rolldownOptions: {
      external: ['react', /^zustand/, /^@tidings\/(client|react)/],
      // Hooks belong to the browser's part of an app with server components.
      output: { banner: "'use client'" },
    },
  },
})
