// Builds what the pages load into services/chassis/static: one stylesheet, one script, one sprite
// of icons, the images. Every name carries a hash of what is in the file, so that browsers may
// keep it for ever; manifest.json says which name is the current one.
//
// Usage: node build.mjs [folder to build into]

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import * as esbuild from 'esbuild';
import * as sass from 'sass';

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, '../services/chassis/static'));

// Old in-app browsers (a chat program's own window on a telephone) still have to understand it.
const BROWSERS = ['chrome87', 'safari14.1', 'firefox85'];

/** The stylesheet: Bootstrap's parts that are in use, themed, and our own. */
async function stylesheet() {
  const { css } = sass.compile(join(here, 'styles/app.scss'), {
    loadPaths: [join(here, 'node_modules')],
    quietDeps: true,
    // Bootstrap 5.3 is written with @import and Sass's global functions; nothing of ours is.
    silenceDeprecations: ['import', 'global-builtin', 'color-functions', 'if-function'],
  });
  const { code } = await esbuild.transform(css, {
    loader: 'css',
    minify: true,
    target: BROWSERS,
    legalComments: 'none',
  });
  return code;
}

/** A script with all that it imports, in one file without eval. */
async function script(name) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(here, 'scripts', name)],
    bundle: true,
    minify: true,
    format: 'iife',
    target: BROWSERS,
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0].text;
}

/** The icons named in icons.json as symbols of one picture: <use href="icons.svg#name">. */
async function sprite() {
  const names = JSON.parse(await readFile(join(here, 'icons.json'), 'utf8'));
  const folder = join(here, 'node_modules/bootstrap-icons/icons');
  const symbols = await Promise.all(
    [...new Set(names)].sort().map(async (name) => {
      const source = await readFile(join(folder, `${name}.svg`), 'utf8');
      const [, box] = source.match(/viewBox="([^"]+)"/);
      const [, shape] = source.match(/<svg[^>]*>([\s\S]*)<\/svg>/);
      return `<symbol id="${name}" viewBox="${box}">${shape.trim().replace(/\s*\n\s*/g, '')}</symbol>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`;
}

/** Writes a file under a name with its hash, and returns that name. */
async function keep(folder, name, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
  const extension = extname(name);
  const hashed = `${name.slice(0, -extension.length)}.${hash}${extension}`;
  await writeFile(join(folder, hashed), content);
  return hashed;
}

const files = {
  'app.css': await stylesheet(),
  'app.js': await script('app.js'),
  'icons.svg': await sprite(),
};
// What only a page or two need, each by itself: scripts/pages/door.js becomes door.js.
const pages = (await readdir(join(here, 'scripts/pages'))).filter((name) => name.endsWith('.js'));
for (const name of pages.sort()) {
  files[name] = await script(`pages/${name}`);
}
for (const name of (await readdir(join(here, 'images'))).sort()) {
  files[name] = await readFile(join(here, 'images', name));
}

// Reads a QR picture where the browser itself cannot; its script asks for it when it is needed.
files['zxing.wasm'] = await readFile(
  join(here, 'node_modules/zxing-wasm/dist/reader/zxing_reader.wasm'),
);

// Built beside the old folder and put in its place at the end: a page never sees half of it.
const fresh = `${target}.new`;
await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
const manifest = {};
for (const [name, content] of Object.entries(files)) {
  manifest[name] = await keep(fresh, name, content);
  const size = (bytes) => `${(bytes / 1024).toFixed(1)} kB`.padStart(9);
  const bytes = Buffer.from(content);
  console.log(`${name.padEnd(12)}${size(bytes.length)}${size(gzipSync(bytes).length)} compressed`);
}
await writeFile(join(fresh, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
