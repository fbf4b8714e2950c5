// Vector tiles: what would be too much to send at once comes by the piece of ground that is looked at.
// Each thing is in one tile only and whole, so nothing is drawn twice and nothing is cut.
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";

const DEEPEST = 17;

/** Loads the tiles of a layer: `onTile(key, layers)` with GeoJSON features by MVT layer, `onGone(key)`. */
export const Tiles = L.GridLayer.extend({
  initialize(name, { onTile, onGone, onTrouble, ...options }) {
    L.setOptions(this, { maxNativeZoom: DEEPEST, keepBuffer: 1, updateWhenZooming: false, ...options });
    Object.assign(this, { name, onTile, onTrouble });
    this.on("tileunload", ({ coords }) => onGone(keyOf(coords)));
  },

  createTile(coords, done) {
    const tile = document.createElement("div");
    this.fill(coords).then(() => done(null, tile), (error) => { this.onTrouble(error); done(error, tile); });
    return tile;
  },

  async fill(coords) {
    const { x, y, z } = coords;
    const answer = await fetch(`/maps/tiles/${this.name}/${z}/${x}/${y}.mvt`);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const held = answer.status === 204 ? {} : layersOf(await answer.arrayBuffer(), coords);
    // It may have scrolled away meanwhile.
    if (this._tiles[this._tileCoordsToKey(coords)]) this.onTile(keyOf(coords), held);
  },
});

const keyOf = ({ x, y, z }) => `${z}/${x}/${y}`;

const layersOf = (buffer, { x, y, z }) => {
  const { layers } = new VectorTile(new PbfReader(buffer));
  return Object.fromEntries(Object.entries(layers).map(([name, layer]) =>
    [name, Array.from({ length: layer.length }, (_, k) => layer.feature(k).toGeoJSON(x, y, z))]));
};
