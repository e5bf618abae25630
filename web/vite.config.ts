import { join } from 'node:path'
import { constants } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { compression, defineAlgorithm } from 'vite-plugin-compression2'

/** Where the pages under development ask a running gateway. */
const GATEWAY = 'http://127.0.0.1:8080'

/** Once here instead of with every answer. Brotli at its best takes twenty times as long as at 9, for a tenth less. */
const ALGORITHMS = [
  defineAlgorithm('gzip'),
  defineAlgorithm('brotliCompress', { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
]

export default defineConfig({
  root: import.meta.dirname,
  // The server writes the path it is reached below into the page; everything else is found from there.
  base: './',
  plugins: [react(), tailwindcss(), compression({ algorithms: ALGORITHMS, threshold: 1024 })],
  build: {
    target: 'es2023',
    reportCompressedSize: false,
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: ['index.html', 'docs.html'].map((page) => join(import.meta.dirname, page))
    }
  },
  server: {
    // Vite would turn `changeOrigin` on by itself: the gateway compares the page's origin with the host it is asked as.
    proxy: Object.fromEntries(
      ['/api', '/v1', '/guides', '/openapi.json'].map((path) => [
        path,
        { target: process.env.VITE_GATEWAY ?? GATEWAY, changeOrigin: false }
      ])
    )
  }
})
