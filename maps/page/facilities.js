// The map of facilities: toilets, parks, car parks, chargers, stations, and whatever else the city
// tells the public. Small kinds come whole, large ones as tiles of what is looked at.
import { CityMap, page } from "./city_map.js";
import { groundLayer } from "./ground.js";
import { changeWords } from "./moments.js";
import { Pins, TIMELESS } from "./pins.js";
import { distanceM, distanceWords } from "./place.js";
import { placesOf, placesOfTile } from "./places.js";
import { matcher } from "./search.js";
import { ask } from "./source.js";
import { STATES, Week } from "./week.js";
import { hasWord, said, word, worded } from "./words.js";

const CLOSED = STATES.indexOf("closed");
const TILE_LIST_ZOOM_OUT = 4;
const SQUARE_PX = 56;

class FacilityMap extends CityMap {
  constructor() {
    super({ follows: { family: "facility", layers: ["facilities", "calendar", "kinds"] } });
    this.freeKey = "free_places";
    this.whole = new Map();
    this.pieces = new Map();
    this.pins = new Pins().addTo(this.map);
  }

  // --- data -------------------------------------------------------------------------------

  async loadFirst() {
    if (!await this.loadWeek("/maps/facilities/kinds.json", (raw) => new Week(raw))) return false;
    // The kinds that are switched on are what the map is for: drawn at once, together.
    const parts = await Promise.allSettled(this.kindsOn.map((slug) => this.loadKind(slug)));
    if (parts.some(({ status }) => status === "rejected")) this.notice.say(word("part_missing"));
    this.canList = true;
    this.followTiles();
    this.filter();
    if (!this.grantWish() && this.kinds.get(kindOf(this.wish.place))?.pieces !== "tiles") {
      this.notice.say(word("place_missing_here", { code: this.wish.place.slice(0, 40) }));
      this.wish.place = null;
    }
    return true;
  }

  rest() {
    return [ask("/maps/ground.json", groundLayer).then(({ found }) => found.addTo(this.map))];
  }

  renewed() {
    this.tiles?.redraw?.();
    return [];
  }

  taken(before) {
    const { slug, zh, en, count, pieces, timed } = this.week.kinds;
    this.kinds = new Map(slug.map((one, kind) => [one, {
      slug: one, name: worded(zh[kind], en[kind]), count: count[kind], timed: timed[kind], pieces: pieces[kind],
      glyph: hasWord(`glyph_${one}`) ? word(`glyph_${one}`) : worded(zh[kind], en[kind]).text.slice(0, 1),
    }]));
    const { id, pattern } = this.week.schedules;
    this.patterns = new Map(id.map((number, k) => [number, pattern[k]]));
    this.whole.clear();
    this.list.held.clear();
    const on = before ? new Set(this.kindsOn) : this.wishedKinds();
    this.offerKinds([...this.kinds.values()], (one) => on.has(one), (one) => ` ${this.kinds.get(one).count}`);
    if (before) return;
    page("search").value = this.wish.words;
    page("sort").value = this.wish.sort === "name" ? "name" : "time";
    page("barrier-free").checked = this.wish.isBarrierFree;
  }

  /** What is on unless somebody chooses otherwise. */
  get usualKinds() {
    const { slug, shown } = this.week.kinds;
    const usual = slug.filter((_, kind) => shown[kind]);
    return usual.length ? usual : slug;
  }

  wishedKinds() {
    const wished = this.week.kinds.slug.filter((one) => this.wish.kinds.has(one));
    // A link to a place shows it, whatever else is on.
    const own = kindOf(this.wish.place ?? "");
    return new Set([...(wished.length ? wished : this.usualKinds), own]);
  }

  async loadKind(slug) {
    const kind = this.kinds.get(slug);
    if (kind.pieces !== "places" || this.whole.has(slug)) return;
    const { found } = await ask(`/maps/facilities/kinds/${slug}.json`, (raw) => placesOf(raw, kind));
    this.whole.set(slug, found);
  }

  /** Tiles are asked for while a kind is on that does not come whole. */
  async followTiles() {
    const isWanted = this.kindsOn.some((slug) => this.kinds.get(slug)?.pieces === "tiles");
    if (!isWanted) {
      this.tiles?.remove();
      this.tiles = null;
      this.pieces.clear();
      return;
    }
    if (this.tiles) return;
    // A mark of its own, so that two calls at once make one layer.
    const mine = this.tiles = { remove() {} };
    const { Tiles } = await import("./tiles.js");
    if (this.tiles !== mine) return;
    this.tiles = new Tiles("facilities", {
      onTile: (key, layers) => { this.pieces.set(key, placesOfTile(layers, this.kinds)); this.renew(); },
      onGone: (key) => { if (this.pieces.delete(key)) this.renew(); },
      onTrouble: () => this.notice.say(word("part_missing")),
    }).addTo(this.map);
  }

  /** Tiles come by the dozen: one turn for all of a frame. */
  renew() {
    this.renewing ??= requestAnimationFrame(() => {
      this.renewing = null;
      this.filter();
      this.grantWish();
    });
  }

  placeOfKey(id) {
    const known = [this.whole.get(kindOf(id)) ?? [], ...[...this.pieces.values()].map(({ places }) => places)];
    return known.flat().find((place) => place.id === id) ?? null;
  }

  // --- what is wanted ---------------------------------------------------------------------

  bind() {
    super.bind();
    page("kinds").addEventListener("change", async () => {
      const parts = await Promise.allSettled(this.kindsOn.map((slug) => this.loadKind(slug)));
      if (parts.some(({ status }) => status === "rejected")) this.notice.say(word("part_missing"));
      this.followTiles();
      this.filter();
    });
  }

  clearFilters() {
    page("search").value = "";
    page("in-view").checked = page("barrier-free").checked = false;
    const usual = this.usualKinds;
    for (const box of page("kinds").querySelectorAll("input")) box.checked = usual.includes(box.value);
    page("kinds").dispatchEvent(new Event("change"));
  }

  chooseWanted() {
    const on = new Set(this.kindsOn);
    const answers = matcher(page("search").value);
    const isBarrierFree = page("barrier-free").checked;
    const view = this.viewOnly;
    const isWanted = (place) => on.has(place.kind.slug)
      && !(isBarrierFree && place.kind.slug === "toilet" && !place.isBarrierFree)
      && !(view && !view.contains(place.latlng))
      && answers([place.code, place.name.zh, place.name.en, place.address], [place.initials]);
    const pieces = [...this.pieces.values()];
    const held = [...on].flatMap((slug) => this.whole.get(slug) ?? []);
    this.wanted = [...held, ...pieces.flatMap(({ places }) => places)].filter(isWanted);
    this.bubbles = pieces.flatMap(({ bubbles }) => bubbles)
      .map(({ latlng, counts }) => ({ latlng, count: sum([...on].map((slug) => counts[slug] ?? 0)) }))
      .filter(({ count }) => count > 0);
    page("barrier-free").parentElement.hidden = !(on.has("toilet") && this.kinds.get("toilet")?.pieces === "places");
  }

  weights() {
    const found = new Float64Array(this.week.patterns.length);
    for (const place of this.wanted) {
      if (place.kind.timed && place.isFit) found[this.patternOf(place)] += 1;
    }
    return found;
  }

  // --- what is seen -----------------------------------------------------------------------

  paint() {
    for (const place of this.wanted) place.state = this.stateOf(place);
    const { places, bubbles } = this.grouped();
    this.pins.paint(places, bubbles, this.chosen);
  }

  /**
   * What is to be drawn: where there are circles at all, whatever came by tiles joins them in squares of
   * the window, so that no circle hides another. A square of one place is that place.
   */
  grouped() {
    const zoom = this.map.getZoom();
    if (this.bubbles.length === 0) return { places: this.wanted, bubbles: [] };
    const [apart, joined] = [[], this.bubbles.map(({ latlng, count }) => ({ latlng, count }))];
    for (const place of this.wanted) {
      if (place.kind.pieces === "tiles" && place !== this.chosen) joined.push({ latlng: place.latlng, count: 1, place });
      else apart.push(place);
    }
    const squares = new Map();
    for (const one of joined) {
      const { x, y } = this.map.project(one.latlng, zoom);
      const key = `${Math.floor(x / SQUARE_PX)} ${Math.floor(y / SQUARE_PX)}`;
      const square = squares.get(key) ?? { count: 0, x: 0, y: 0 };
      squares.set(key, { count: square.count + one.count, x: square.x + one.count * x, y: square.y + one.count * y, place: one.place });
    }
    const bubbles = [];
    for (const { count, x, y, place } of squares.values()) {
      if (count === 1 && place) apart.push(place);
      else bubbles.push({ count, latlng: this.map.unproject([x / count, y / count], zoom) });
    }
    return { places: apart, bubbles };
  }

  sayTide([open]) {
    const isTimed = this.kindsOn.some((slug) => this.kinds.get(slug)?.timed);
    this.tide.say(isTimed ? word("as_of_now", { when: this.tide.words, places: open }) : this.tide.words);
  }

  listWords(count) {
    if (this.kindsOn.length === 0) return word("nothing_switched_on");
    const further = sum(this.bubbles.map((bubble) => bubble.count));
    const found = word("places_found", { count });
    if (further > 0) return word("places_further", { found, count: further });
    return count === 0 ? word("no_place_found") : found;
  }

  // --- of a place -------------------------------------------------------------------------

  keyOf(place) {
    return place.id;
  }

  stateOf(place) {
    if (!place.isFit) return CLOSED;
    return place.kind.timed ? this.moments[this.patternOf(place)].state : TIMELESS;
  }

  /** What is always there comes behind what is open, before what is not. */
  rankOf(place) {
    const state = this.stateOf(place);
    return state === TIMELESS ? STATES.indexOf("open") + 0.5 : state;
  }

  patternOf(place) {
    return this.patterns.get(place.schedule) ?? this.patterns.get(0);
  }

  latlngOf(place) {
    return place.latlng;
  }

  nameOf(place) {
    return worded(place.name.zh, place.name.en);
  }

  targetOf(place) {
    return `facility:${place.id}`;
  }

  pathOf(place) {
    return `/maps/facilities/places/${encodeURIComponent(place.id).replace("%3A", ":")}`;
  }

  /** A park has gates: it is as far as the nearest one. */
  awayOf(place) {
    return Math.min(...(place.gates.length ? place.gates : [place.latlng]).map((one) => distanceM(this.place, one)));
  }

  placeAt(point) {
    return this.pins.at(point);
  }

  row(place) {
    const at = this.tide.at;
    const pattern = this.patternOf(place);
    const state = STATES[this.stateOf(place)] ?? "unknown";
    const { timed } = place.kind;
    const change = place.isFit
      ? timed ? changeWords(this.week, this.moments[pattern], at, state, "places") : ""
      : word(`condition_${place.condition}`);
    const far = this.place ? distanceWords(this.awayOf(place)) : "";
    return {
      name: this.nameOf(place),
      state,
      stateName: timed || !place.isFit ? said(state, "places") : "",
      change,
      facts: [
        place.kind.name.text,
        place.capacity === null ? "" : word("places_in_all", { count: place.capacity }),
        place.isBarrierFree ? word("barrier_free") : "",
      ],
      free: this.freeWords(place),
      far: far && place.gates.length > 1 ? word("by_the_gate", { distance: far }) : far,
      goods: "",
      address: place.address,
      note: { text: timed && this.week.isAssumed(pattern, at) ? word("assumed") : "", lang: document.documentElement.lang },
    };
  }

  /** Of several gates the nearest stands first. */
  opened(place, article) {
    if (!this.place) return;
    const gates = [...article.querySelectorAll("[data-gate]")];
    const away = (gate) => distanceM(this.place, gate.dataset.gate.split(" ").map(Number));
    const [nearest] = gates.sort((a, b) => away(a) - away(b));
    if (!nearest) return;
    nearest.parentElement.querySelector("[data-gate]").before(nearest);
    nearest.querySelector(".far").hidden = false;
  }

  // --- what happens -----------------------------------------------------------------------

  bindBubbles() {
    this.map.on("click", (event) => {
      if (this.pins.at(event.containerPoint) !== null) return;
      const bubble = this.pins.bubbleAt(event.containerPoint);
      if (bubble) this.map.setView(bubble.latlng, this.map.getZoom() + 2);
    });
  }

  /** Where places come by tiles, look closely first, then wider until some are found. */
  async showNearest() {
    if (!this.tiles) {
      super.showNearest();
      return;
    }
    for (let zoom = 17; zoom >= 17 - TILE_LIST_ZOOM_OUT; zoom -= 1) {
      this.map.setView(this.place, zoom, { animate: false });
      await this.tilesLoaded();
      this.filter();
      if (this.wanted.length >= 3 || this.bubbles.length) break;
    }
  }

  tilesLoaded() {
    return new Promise((resolve) => {
      if (this.tiles.isLoading?.()) this.tiles.once("load", resolve);
      else resolve();
      setTimeout(resolve, 5000);
    });
  }

  noted() {
    const on = this.kindsOn;
    return { kind: on.join() === this.usualKinds.join() ? [] : on, place: this.chosenKey, barrier_free: page("barrier-free").checked ? "1" : null };
  }
}

/** The kind that an id `kind:code` begins with. */
const kindOf = (id) => id.split(":", 1)[0];

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

const map = new FacilityMap();
map.bindBubbles();
map.start();
