// The facilities on the map: each kind has its sign, each state its form, and where there are too
// many a bubble says how many.
import { Canvas, circle } from "./canvas.js";
import { STATES } from "./week.js";

const REACH_PX = 18;
const RADIUS = 10;
// Less of the map's window than this for each pin is a crowd.
const ROOM_PX = 26 ** 2;
// A kind that nobody opens or shuts, such as a litter bin.
export const TIMELESS = STATES.length;

/** Draws places `{ latlng, kind, state }`, and bubbles `{ latlng, count }`. */
export const Pins = Canvas.extend({
  initialize() {
    Canvas.prototype.initialize.call(this);
    this.places = [];
    this.bubbles = [];
    this.chosen = null;
  },

  paint(places, bubbles, chosen) {
    // What is open lies on top.
    this.places = [...places].sort((a, b) => b.state - a.state);
    this.bubbles = bubbles;
    this.chosen = chosen;
    this.draw();
  },

  /** The place at a point of the map's window, null when none is in reach. */
  at(point) {
    return this.nearest(this.places, ({ latlng }) => latlng, point, REACH_PX);
  },

  /** The bubble at a point, null when none is in reach. */
  bubbleAt(point) {
    return this.nearest(this.bubbles, ({ latlng }) => latlng, point, REACH_PX + 6);
  },

  draw() {
    const context = this.wiped();
    if (!context) return;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const face = getComputedStyle(this._map.getContainer()).fontFamily;
    for (const { latlng, count } of this.bubbles) {
      const point = this.seen(latlng);
      if (point) this._bubble(context, point, count, face);
    }
    const seen = [];
    for (const place of this.places) {
      const point = this.seen(place.latlng);
      if (point) seen.push([place, point]);
    }
    // In a crowd signs cannot be read: small discs tell where, a closer look tells what.
    const { x, y } = this._map.getSize();
    const radius = seen.length * ROOM_PX > x * y ? 5 : RADIUS;
    context.font = `600 ${RADIUS}px ${face}`;
    for (const [place, point] of seen) this._pin(context, point, place, radius);
    if (!this.chosen) return;
    context.setLineDash([]);
    context.lineWidth = 3;
    context.strokeStyle = this.colour("ink");
    circle(context, this._map.latLngToLayerPoint(this.chosen.latlng), radius + 5);
    context.stroke();
  },

  _pin(context, point, { state, kind }, radius) {
    const name = STATES[state];
    const colour = this.colour(name === undefined || name === "unknown" ? "closed" : name);
    const isFull = name === "open" || name === undefined;
    circle(context, point, radius + 1.5);
    context.fillStyle = this.colour("paper");
    context.fill();
    circle(context, point, radius);
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 2;
    context.setLineDash(name === "unknown" ? [2, 3] : []);
    if (isFull) context.fill();
    context.stroke();
    if (radius < RADIUS) return;
    context.fillStyle = isFull ? this.colour("paper") : colour;
    context.fillText(kind.glyph, point.x, point.y + 0.5, 2 * radius - 3);
    // Closed is struck through: never by colour alone.
    if (name !== "closed") return;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(point.x - 0.7 * radius, point.y + 0.7 * radius);
    context.lineTo(point.x + 0.7 * radius, point.y - 0.7 * radius);
    context.stroke();
  },

  _bubble(context, point, count, face) {
    const radius = 12 + 3 * Math.log10(count + 1);
    circle(context, point, radius);
    context.setLineDash([]);
    context.fillStyle = this.colour("brand");
    context.strokeStyle = this.colour("paper");
    context.lineWidth = 2;
    context.fill();
    context.stroke();
    context.fillStyle = this.colour("on-brand");
    context.font = `600 11px ${face}`;
    context.fillText(shortCount(count), point.x, point.y + 0.5, 2 * radius - 4);
  },
});

/** `950`, `1.2k`, `14k`: what fits into a bubble; the list tells the whole number. */
const shortCount = (count) => {
  if (count < 1000) return String(count);
  return `${(count / 1000).toFixed(count < 10000 ? 1 : 0)}k`;
};
