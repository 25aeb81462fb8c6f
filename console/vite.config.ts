import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Nothing inline, so that the content security policy needs no exception; names by content, so that they are cached for ever. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: ['chrome123', 'firefox120', 'safari17.5'],
  },
});
