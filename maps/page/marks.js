// The marks of all zones. Their forms differ as those of the legend do: disc, half disc, ring,
// dotted ring.
import { Canvas, circle } from "./canvas.js";
import { STATES } from "./week.js";

const REACH_PX = 16;
const CROWD = 250;

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
    const seen = [];
    for (const place of this.order) {
      const point = this.seen(this.latlngs[place]);
      if (point) seen.push([place, point]);
    }
    const radius = seen.length > CROWD ? 4 : 7;
    const colours = STATES.map((state) => this.colour(state === "unknown" ? "closed" : state));
    const paper = this.colour("paper");
    for (const [place, point] of seen) mark(context, point, this.states[place], radius, colours, paper);
    if (this.chosen === null) return;
    context.setLineDash([]);
    context.lineWidth = 3;
    context.strokeStyle = this.colour("ink");
    circle(context, this._map.latLngToLayerPoint(this.latlngs[this.chosen]), radius + 6);
    context.stroke();
  },
});

const mark = (context, point, state, radius, colours, paper) => {
  const name = STATES[state];
  circle(context, point, radius + 2);
  context.fillStyle = paper;
  context.fill();
  circle(context, point, radius - 1);
  context.strokeStyle = context.fillStyle = colours[state];
  context.lineWidth = Math.max(2, radius / 3);
  context.setLineDash(name === "unknown" ? [2, 3] : []);
  context.stroke();
  if (name === "open") context.fill();
  if (name === "later") {
    context.beginPath();
    context.arc(point.x, point.y, radius - 1, Math.PI / 2, 1.5 * Math.PI);
    context.fill();
  }
};
