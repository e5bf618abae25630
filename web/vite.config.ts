import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { compression } from 'vite-plugin-compression2'

/** Where the pages under development ask a running gateway. */
const GATEWAY = 'http://127.0.0.1:8080'

export default defineConfig({
  root: import.meta.dirname,
  // The server writes the path it is reached below into the page; everything else is found from there.
  base: './',
  // Compressed once here instead of with every answer.
  plugins: [react(), tailwindcss(), compression({ algorithms: ['gzip', 'brotliCompress'], threshold: 1024 })],
  build: {
    target: 'es2023',
    reportCompressedSize: false,
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700
  },
  server: {
    // Vite would turn `changeOrigin` on by itself: the gateway compares the page's origin with the host it is asked as.
    proxy: Object.fromEntries(
      ['/api', '/v1', '/docs', '/guides', '/openapi.json'].map((path) => [
        path,
        { target: process.env.VITE_GATEWAY ?? GATEWAY, changeOrigin: false }
      ])
    )
  }
})
