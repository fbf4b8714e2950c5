// Copies what the pages load from the locked npm packages to where the server finds it.
import { cpSync, rmSync } from "node:fs";

const vendor = "maps/static/vendor";
// Licences ask for their text beside the copy.
const wanted = {
  "leaflet": ["dist/leaflet.js", "dist/leaflet.css", "dist/images", "LICENSE"],
  "swagger-ui-dist": ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"],
};

rmSync(vendor, { recursive: true, force: true });
for (const [name, files] of Object.entries(wanted)) {
  for (const file of files) {
    const target = `${vendor}/${name}/${file.replace("dist/", "")}`;
    cpSync(`node_modules/${name}/${file}`, target, { recursive: true });
  }
}
