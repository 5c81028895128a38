import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'fflate';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Larger than this, a file is committed and served compressed. */
const SMALL = 1024;

/** Keeps scripts and style sheets compressed, with no time in their headers: the same bytes every time. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    writeBundle({ dir = 'dist' }, bundle) {
      for (const name of Object.keys(bundle).filter((it) => /\.(js|css)$/.test(it))) {
        const file = join(dir, name);
        const bytes = readFileSync(file);
        if (bytes.length < SMALL) continue;
        // Its name stays without .gz for those that import it.
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9, mtime: 0 }));
        unlinkSync(file);
      }
    },
  };
}

/** Leaves out the fonts that Cloudscape's styles embed: the system's serve, in a third of the bytes. */
function withoutFonts(): Plugin {
  return {
    name: 'without-fonts',
    enforce: 'pre',
    transform(code, id) {
      return id.includes('global-styles') && id.endsWith('.css') ? code.replace(/@font-face\s*\{[^}]*\}/g, '') : null;
    },
  };
}

export default defineConfig({
  base: '/console/',
  plugins: [react(), withoutFonts(), compressed()],
  // Style sheets are files: the policy of the page allows no others.
  build: { cssCodeSplit: true, assetsInlineLimit: 0, sourcemap: false, target: 'es2022', modulePreload: { polyfill: false } },
});
