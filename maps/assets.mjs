// Makes what the pages load: libraries copied from the locked npm packages, and our own scripts of
// maps/page made into few small files.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const vendor = "maps/static/vendor";
const built = "maps/static/built";
// Licences ask for their text beside the copy.
const wanted = {
  "leaflet": ["dist/leaflet.js", "dist/leaflet.css", "dist/images", "LICENSE"],
  "swagger-ui-dist": ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"],
};
const pages = ["stalls", "facilities", "plan", "sheet_actions", "sw"];
const bundled = {
  "@mapbox/vector-tile": "LICENSE.txt",
  "@mapbox/point-geometry": "LICENSE",
  "pbf": "LICENSE",
};

for (const folder of [vendor, built]) rmSync(folder, { recursive: true, force: true });
for (const [name, files] of Object.entries(wanted)) {
  for (const file of files) {
    const target = `${vendor}/${name}/${file.replace("dist/", "")}`;
    cpSync(`node_modules/${name}/${file}`, target, { recursive: true });
  }
}
// Each by itself: what two pages share is small, and a file of its own would be one more to wait for.
for (const page of pages) {
  await build({
    entryPoints: [`maps/page/${page}.js`],
    outdir: built,
    bundle: true,
    // Tiles are read only by those who look closely: what they need is a file of its own.
    splitting: true,
    format: "esm",
    target: ["es2022"],
    minify: true,
    charset: "utf8",
    logLevel: "warning",
  });
}
// All styles of a map page in one file: each more would be one more to wait for before the first drawing.
await build({
  entryPoints: ["maps/page/map_page.css"],
  outdir: built,
  bundle: true,
  minify: true,
  charset: "utf8",
  logLevel: "warning",
  plugins: [{
    name: "pictures of Leaflet stay where they are",
    setup: ({ onResolve }) => onResolve({ filter: /\.png$/ }, ({ path }) => ({ path: `../vendor/leaflet/${path}`, external: true })),
  }],
});
const licences = Object.entries(bundled).map(([name, file]) =>
  `${name}\n\n${readFileSync(`node_modules/${name}/${file}`, "utf8")}`);
writeFileSync(`${built}/LICENSES`, licences.join("\n\n"));
