// The marks of all zones. Their forms differ as those of the legend do: disc, half disc, ring,
// dotted ring.
import { Canvas, circle } from "./canvas.js";
import { STATES } from "./week.js";

const REACH_PX = 16;
const CROWD = 250;
// Of the paper around a mark.
const EDGE = 3;

/** Draws places in their states. */
export const Marks = Canvas.extend({
  initialize(latlngs) {
    Canvas.prototype.initialize.call(this);
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
    return this.nearest(this.order, (place) => this.latlngs[place], point, REACH_PX);
  },

  draw() {
    const context = this.wiped();
    if (!context) return;
    // Places stay where they are until the view changes, whatever the hour.
    this.points ??= this.latlngs.map((latlng) => this.seen(latlng));
    const seen = this.order.filter((place) => this.points[place]);
    const radius = seen.length > CROWD ? 4 : 7;
    const stamps = this._stamps(radius);
    const half = radius + EDGE;
    for (const place of seen) {
      const { x, y } = this.points[place];
      context.drawImage(stamps[this.states[place]], x - half, y - half, 2 * half, 2 * half);
    }
    if (this.chosen === null) return;
    context.setLineDash([]);
    context.lineWidth = 3;
    context.strokeStyle = this.colour("ink");
    circle(context, this._map.latLngToLayerPoint(this.latlngs[this.chosen]), radius + 6);
    context.stroke();
  },

  /** A picture of the mark of each state: to draw it once and copy it is several times faster. */
  _stamps(radius) {
    const ratio = devicePixelRatio || 1;
    const key = [radius, ratio, this.colour("paper"), ...STATES.map(this.ofState, this)].join();
    if (this.stamped?.key !== key) this.stamped = { key, stamps: STATES.map((_, state) => this._stamp(state, radius, ratio)) };
    return this.stamped.stamps;
  },

  _stamp(state, radius, ratio) {
    const stamp = document.createElement("canvas");
    const half = radius + EDGE;
    stamp.width = stamp.height = Math.ceil(2 * half * ratio);
    const context = stamp.getContext("2d");
    context.scale(stamp.width / (2 * half), stamp.width / (2 * half));
    mark(context, { x: half, y: half }, STATES[state], radius, this.ofState(STATES[state]), this.colour("paper"));
    return stamp;
  },

  ofState(state) {
    return this.colour(state === "unknown" ? "closed" : state);
  },

  _update() {
    this.points = null;
    Canvas.prototype._update.call(this);
  },
});

const mark = (context, point, state, radius, colour, paper) => {
  circle(context, point, radius + 2);
  context.fillStyle = paper;
  context.fill();
  circle(context, point, radius - 1);
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = Math.max(2, radius / 3);
  context.setLineDash(state === "unknown" ? [2, 3] : []);
  context.stroke();
  if (state === "open") context.fill();
  if (state === "later") {
    context.beginPath();
    context.arc(point.x, point.y, radius - 1, Math.PI / 2, 1.5 * Math.PI);
    context.fill();
  }
};
