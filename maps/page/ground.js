// The city's own ground under the zones: outlines, water, roads, sent as small differences.
import { worded } from "./words.js";

const ringOf = (numbers, [lon0, lat0]) => {
  const ring = [];
  let [lon, lat] = [lon0, lat0];
  for (let k = 0; k < numbers.length; k += 2) {
    lon += numbers[k];
    lat += numbers[k + 1];
    ring.push([lat / 1e5, lon / 1e5]);
  }
  return ring;
};

/** The ground of the answer of ground.json as a Leaflet layer; what has a name carries it. */
export const groundLayer = ({ origin, areas }) => L.layerGroup(areas.map((area) => {
  const rings = area.polygons.map((polygon) => polygon.map((ring) => ringOf(ring, origin)));
  const shape = L.polygon(rings, { pane: "ground", interactive: false, className: `ground ground-${CSS.escape(area.kind)}` });
  if (area.zh) {
    const name = worded(area.zh, area.en);
    const label = document.createElement("span");
    label.textContent = name.text;
    label.lang = name.lang;
    // The pane between areas and marks, so that no name covers a mark.
    shape.bindTooltip(label, { permanent: true, direction: "center", className: "area-label", pane: "shadowPane" });
  }
  return shape;
}));
