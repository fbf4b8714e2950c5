// A canvas over the map on which places are drawn: thousands of them must follow a finger.

const COLOURS = ["paper", "ink", "open", "later", "closed", "brand", "on-brand"];

const coloursAt = (place) => {
  const style = getComputedStyle(place);
  // Asked once for each scheme: a frame asks thousands of times.
  const held = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return (name) => held[name];
};

/** A Leaflet renderer that draws places; what extends it has `draw()`. */
export const Canvas = L.Renderer.extend({
  initialize() {
    // Leaflet takes its options from the prototype's object.
    L.setOptions(this, { padding: 0.3, pane: "markerPane" });
    L.stamp(this);
    this._layers = {};
  },

  /** A wiped canvas with the map's own coordinates, null before there is one. */
  wiped() {
    if (!this._bounds) return null;
    const { context, _bounds: { min } } = this;
    const ratio = devicePixelRatio || 1;
    const size = this._bounds.getSize();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.x, size.y);
    context.translate(-min.x, -min.y);
    return context;
  },

  /** Where a place lies on the canvas, null when it is not seen. */
  seen(latlng) {
    const point = this._map.latLngToLayerPoint(latlng);
    return this._bounds.contains(point) ? point : null;
  },

  /** Whichever of the places is nearest to a point of the map's window, null when none is in reach. */
  nearest(places, latlngOf, point, reachPx) {
    let [best, reach] = [null, reachPx ** 2];
    for (const place of places) {
      const { x, y } = this._map.latLngToContainerPoint(latlngOf(place));
      const away = (x - point.x) ** 2 + (y - point.y) ** 2;
      if (away <= reach) [best, reach] = [place, away];
    }
    return best;
  },

  _initContainer() {
    const canvas = this._container = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    this.context = canvas.getContext("2d");
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => { this.colour = coloursAt(this._map.getContainer()); this.draw(); };
    this.scheme.addEventListener("change", this.recolour);
    this.colour = coloursAt(this._map.getContainer());
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

/** A circle as the path that is to be filled or stroked. */
export const circle = (context, { x, y }, radius) => {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
};
