// The ground of the zones, and their single stalls when one looks closely.
import { ask } from "./source.js";
import { STATES } from "./week.js";
import { word } from "./words.js";

const SHAPES_FROM_ZOOM = 14;
const STALLS_FROM_ZOOM = 17;

export class Shapes {
  /** `onPick(code, point)` hears which zone was pressed, and where in the map's window. */
  constructor(map, { onPick, onTrouble }) {
    Object.assign(this, { map, onPick, onTrouble });
    this.classOf = () => "";
    this.drawn = new Map();
    this.pieces = new Map();
  }

  /** Load the ground of all zones at once, or by tiles where the server says so. */
  async begin(kind) {
    if (kind === "geojson") {
      const { found } = await ask("/maps/stalls/shapes.json", (raw) => raw.features.slice());
      this.#add("all", found);
    }
    const from = kind === "tiles" ? SHAPES_FROM_ZOOM : STALLS_FROM_ZOOM;
    const load = async () => {
      if (this.map.getZoom() < from) return;
      this.map.off("zoomend", load);
      const { Tiles } = await import("./tiles.js");
      new Tiles("stalls", {
        minZoom: from,
        onTile: (key, layers) => this.#tile(key, layers, kind === "tiles"),
        onGone: (key) => this.#drop(key),
        onTrouble: this.onTrouble,
      }).addTo(this.map);
    };
    if (kind !== "tiles") return;
    this.map.on("zoomend", load);
    load();
  }

  /** Show each zone as `stateOf(code)` says: a number of STATES, or null to hide it. */
  paint(stateOf) {
    this.classOf = (code) => {
      const state = stateOf(code);
      return state === null ? "is-hidden" : `zone-${STATES[state]}`;
    };
    for (const [code, shape] of this.drawn) this.#style(code, shape);
  }

  boundsOf(code) {
    return this.drawn.get(code)?.getBounds() ?? null;
  }

  #style(code, shape) {
    shape.getElement()?.setAttribute("class", `leaflet-interactive zone ${this.classOf(code)}`);
  }

  #tile(key, { zones = [], stalls = [] }, withZones) {
    this.#add(key, withZones ? zones : [], stalls);
  }

  #add(key, zones, stalls = []) {
    this.#drop(key);
    const group = L.layerGroup();
    const codes = [];
    L.geoJSON(zones, { bubblingMouseEvents: false, onEachFeature: (feature, shape) => {
      const code = feature.id ?? feature.properties.id;
      codes.push(code);
      this.drawn.set(code, shape);
      shape.on("add", () => this.#style(code, shape));
      shape.on("click", (event) => this.onPick(code, event.containerPoint));
      group.addLayer(shape);
    } });
    for (const stall of stalls) group.addLayer(stallMark(stall));
    this.pieces.set(key, { group, codes });
    group.addTo(this.map);
  }

  #drop(key) {
    const piece = this.pieces.get(key);
    if (!piece) return;
    piece.group.remove();
    for (const code of piece.codes) this.drawn.delete(code);
    this.pieces.delete(key);
  }
}

/** A numbered stall; what it sells is said by its title. */
const stallMark = ({ geometry, properties }) => {
  const label = document.createElement("span");
  label.textContent = properties.number;
  const [lon, lat] = geometry.coordinates;
  const isUsable = properties.state === "normal";
  return L.marker([lat, lon], {
    icon: L.divIcon({ className: `stall ${isUsable ? "" : "stall-out"}`, html: label, iconSize: null }),
    title: [properties.number, properties.goods, isUsable ? "" : word("stall_out")].filter(Boolean).join(" · "),
    keyboard: false,
    interactive: true,
  });
};
