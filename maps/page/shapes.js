// The ground of the zones, and their single stalls when one looks closely.
import { ask } from "./source.js";
import { STATES } from "./week.js";
import { word } from "./words.js";

const SHAPES_FROM_ZOOM = 14;
const STALLS_FROM_ZOOM = 17;
const GOODS_FROM_ZOOM = 18.5;

export class Shapes {
  /** `onPick(code, point)` hears which zone was pressed, and where in the map's window. */
  constructor(map, { onPick, onTrouble }) {
    Object.assign(this, { map, onPick, onTrouble });
    this.classOf = () => "";
    this.drawn = new Map();
    this.pieces = new Map();
  }

  /**
   * Load the ground of all zones at once, or by tiles where the server says so; single stalls come
   * by tiles everywhere. Called again it loads anew.
   */
  async begin(kind) {
    if (kind === "geojson") {
      const { found } = await ask("/maps/stalls/shapes.json", (raw) => raw.features.slice());
      this.#add("all", found);
    }
    this.withZones = kind === "tiles";
    // A map that was written into a file has no tiles to ask for.
    if (document.documentElement.dataset.alone !== undefined) return;
    this.from = this.withZones ? SHAPES_FROM_ZOOM : STALLS_FROM_ZOOM;
    if (!this.isFollowing) this.map.on("zoomend", () => this.#follow());
    this.isFollowing = true;
    this.tiles?.redraw();
    await this.#follow();
  }

  /** Whoever never looks closely needs no tiles, nor the script that reads them. */
  async #follow() {
    this.map.getContainer().classList.toggle("from-close-up", this.map.getZoom() >= GOODS_FROM_ZOOM);
    if (this.tiles || this.map.getZoom() < this.from) return;
    const { Tiles } = await import("./tiles.js");
    if (this.tiles) return;
    this.tiles = new Tiles("stalls", {
      minZoom: this.from,
      onTile: (key, layers) => this.#tile(key, layers),
      onGone: (key) => this.#drop(key),
      onTrouble: this.onTrouble,
    }).addTo(this.map);
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

  #tile(key, { zones = [], stalls = [], zone_clusters: zoneGroups = [], stall_clusters: stallGroups = [] }) {
    this.#add(key, this.withZones ? zones : [], [...stalls.map(stallMark), ...[...zoneGroups, ...stallGroups].map(groupMark)]);
  }

  #add(key, zones, marks = []) {
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
    for (const mark of marks) group.addLayer(mark);
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

/** A numbered stall, and from close up what it sells. */
const stallMark = ({ geometry, properties: { number, goods, state } }) => {
  const label = document.createElement("span");
  const sold = document.createElement("small");
  sold.textContent = goods ? ` ${goods}` : "";
  label.append(number, sold);
  const isUsable = state === "normal";
  return labelAt(geometry, label, isUsable ? "stall" : "stall stall-out", [number, goods, isUsable ? "" : word("stall_out")]);
};

/** Where there are more than a tile can hold: how many. */
const groupMark = ({ geometry, properties: { n } }) => {
  const label = document.createElement("b");
  label.textContent = String(n);
  return labelAt(geometry, label, "stall", [word("cluster", { count: n })]);
};

const labelAt = ({ coordinates: [lon, lat] }, label, className, titles) => L.marker([lat, lon], {
  icon: L.divIcon({ className, html: label, iconSize: null }),
  title: titles.filter(Boolean).join(" · "),
  keyboard: false,
});
