// The marks of all zones on one canvas: two thousand of them must follow a finger.
// Their forms differ as those of the legend do: disc, half disc, ring, dotted ring.
import { STATES } from "./week.js";

const REACH_PX = 16;
const CROWD = 250;

const coloursAt = (place) => {
  const style = getComputedStyle(place);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return { paper: of("paper"), ink: of("ink"), states: STATES.map((state) => of(state === "unknown" ? "closed" : state)) };
};

/** A Leaflet renderer that draws places in their states. */
export const Marks = L.Renderer.extend({
  initialize(latlngs) {
    // Leaflet takes its options from the prototype's object.
    L.setOptions(this, { padding: 0.3, pane: "markerPane" });
    L.stamp(this);
    this._layers = {};
    this.latlngs = latlngs.map((place) => L.latLng(place));
    this.order = [];
    this.states = new Uint8Array(latlngs.length);
    this.chosen = null;
  },

  /** Show the places of a list, each in its state; `chosen` gets a ring around it. */
  paint(shown, states, chosen) {
    this.states = states;
    this.chosen = chosen;
    // What is open lies on top.
    this.order = [...shown].sort((a, b) => states[b] - states[a]);
    this.draw();
  },

  /** The shown place nearest to a point of the map's window, null when none is in reach. */
  at(point) {
    let [best, reach] = [null, REACH_PX ** 2];
    for (const place of this.order) {
      const { x, y } = this._map.latLngToContainerPoint(this.latlngs[place]);
      const away = (x - point.x) ** 2 + (y - point.y) ** 2;
      if (away <= reach) [best, reach] = [place, away];
    }
    return best;
  },

  draw() {
    if (!this._bounds) return;
    const context = this.context;
    const ratio = devicePixelRatio || 1;
    const size = this._bounds.getSize();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.x, size.y);
    context.translate(-this._bounds.min.x, -this._bounds.min.y);
    const seen = [];
    for (const place of this.order) {
      const point = this._map.latLngToLayerPoint(this.latlngs[place]);
      if (this._bounds.contains(point)) seen.push([place, point]);
    }
    const radius = seen.length > CROWD ? 4 : 7;
    for (const [place, point] of seen) this._mark(context, point, this.states[place], radius);
    if (this.chosen !== null) this._ring(context, this._map.latLngToLayerPoint(this.latlngs[this.chosen]), radius + 6);
  },

  _mark(context, { x, y }, state, radius) {
    const { paper, states } = this.colours;
    const name = STATES[state];
    const circle = (size) => { context.beginPath(); context.arc(x, y, size, 0, 2 * Math.PI); };
    circle(radius + 2);
    context.fillStyle = paper;
    context.fill();
    circle(radius - 1);
    context.strokeStyle = context.fillStyle = states[state];
    context.lineWidth = Math.max(2, radius / 3);
    context.setLineDash(name === "unknown" ? [2, 3] : []);
    context.stroke();
    if (name === "open") context.fill();
    if (name === "later") {
      context.beginPath();
      context.arc(x, y, radius - 1, Math.PI / 2, 1.5 * Math.PI);
      context.fill();
    }
  },

  _ring(context, { x, y }, radius) {
    context.setLineDash([]);
    context.lineWidth = 3;
    context.strokeStyle = this.colours.ink;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  },

  _initContainer() {
    const canvas = this._container = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    this.context = canvas.getContext("2d");
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => { this.colours = coloursAt(this._map.getContainer()); this.draw(); };
    this.scheme.addEventListener("change", this.recolour);
    this.colours = coloursAt(this._map.getContainer());
  },

  _destroyContainer() {
    this.scheme.removeEventListener("change", this.recolour);
    this._container.remove();
  },

  // Called by Leaflet when the view has changed.
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = devicePixelRatio || 1;
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = ratio * size.x;
    this._container.height = ratio * size.y;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this.draw();
  },
});
