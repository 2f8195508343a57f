// Bundles what pages load: static/dist/<name>.js, static/dist/<name>.css and static/dist/fonts/.
//
// Names are stable; the manifest storage adds hashes in production. A page names one script. The scene is a chunk of
// its own, so that three.js is fetched only where a ring is shown. What does not exist is left out.

import { cp, mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "static", "dist");
const exists = (path) => stat(path).then(() => true, () => false);

async function filesIn(folder, ending) {
  if (!(await exists(folder))) return [];
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith(ending)).sort().map((name) => join(folder, name));
}

async function scripts() {
  const entries = {};
  const ring = join(root, "frontend", "ring", "index.js");
  if (await exists(ring)) entries.ring = ring;
  for (const file of await filesIn(join(root, "frontend", "pages"), ".js")) {
    entries[basename(file, ".js")] = file;
  }
  return entries;
}

async function styles() {
  const entries = {};
  for (const file of await filesIn(join(root, "frontend", "styles"), ".css")) {
    if (!basename(file).startsWith("_")) entries[basename(file, ".css")] = file;
  }
  return entries;
}

// The woff2 files of every family that package.json names, so that a stylesheet can say
// url("fonts/newsreader-latin-wght-normal.woff2").
async function copyFonts() {
  const families = join(root, "node_modules", "@fontsource-variable");
  await mkdir(join(out, "fonts"), { recursive: true });
  if (!(await exists(families))) return;
  for (const family of await readdir(families)) {
    for (const file of await filesIn(join(families, family, "files"), ".woff2")) {
      await cp(file, join(out, "fonts", basename(file)));
    }
  }
}

// Every material of ours is written by hand: of three.js's own shaders only what it puts before each of them is taken along.
// From its sources instead of its one built file, so that what nobody asks for can be left out: 27 kB of 131, compressed.
const ITS_SHADERS = /three\/src\/renderers\/shaders\/(Shader(Chunk|Lib)\/.*\.glsl|DFGLUTData)\.js$/;
const BEFORE_EACH = /(colorspace|tonemapping)_pars_fragment/;
const withoutItsShaders = {
  name: "three without its shaders",
  setup(bundler) {
    const path = join(root, "node_modules", "three", "src", "Three.js");
    bundler.onResolve({ filter: /^three$/ }, () => ({ path, sideEffects: false }));
    bundler.onLoad({ filter: ITS_SHADERS }, ({ path: file }) => (BEFORE_EACH.test(file) ? undefined : {
      contents: 'export default ""; export const vertex = "", fragment = ""; export const getDFGLUT = () => null;',
    }));
  },
};

const shared = {
  bundle: true, minify: true, outdir: out, target: "es2022", logLevel: "warning", plugins: [withoutItsShaders],
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await copyFonts();
// Each page's script is whole: what it shares with others comes with it, not with another request.
for (const [name, file] of Object.entries(await scripts())) {
  await build({
    ...shared,
    entryPoints: { [name]: file },
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    sourcemap: "linked",
  });
}
// The scene's worker is one file, so that it is here with one request.
await build({
  ...shared,
  entryPoints: { "ring-worker": join(root, "frontend", "ring", "worker.js") },
  format: "esm",
  sourcemap: "linked",
});
await build({
  ...shared,
  entryPoints: await styles(),
  target: undefined, // nesting and the like are written for the browsers of today
  // A font may be named as url("fonts/...") or come with @import "@fontsource-variable/...".
  external: ["fonts/*", "./fonts/*", "../images/*", "/static/*"],
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]",
});
