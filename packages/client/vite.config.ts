import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    lib: {
      entry: ['index', 'output', 'counts', 'claims', 'task-run', 'digest', 'toasts', 'words'].map(
        (name) => `src/${name}.ts`,
      ),
      formats: ['es'],
    },
    rollupOptions: { output: { chunkFileNames: 'parts/[name].js' } },
    target: 'es2022',
    sourcemap: true,
  },
})
