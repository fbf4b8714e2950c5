// Copies what the pages load from the locked npm packages to where the server finds it.
import { cpSync, rmSync } from "node:fs";

const source = "node_modules/leaflet";
const target = "maps/static/vendor/leaflet";

rmSync(target, { recursive: true, force: true });
for (const name of ["leaflet.js", "leaflet.css", "images"]) {
  cpSync(`${source}/dist/${name}`, `${target}/${name}`, { recursive: true });
}
// BSD-2-Clause asks for its text beside the copy.
cpSync(`${source}/LICENSE`, `${target}/LICENSE`);
