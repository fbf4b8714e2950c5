// The map of tidal stalls: one week of openings comes once, and everything else happens here.
// A place is the number of a zone in the columns of the week.
import { CityMap, page } from "./city_map.js";
import { groundLayer } from "./ground.js";
import { Marks } from "./marks.js";
import { changeWords } from "./moments.js";
import { distanceWords } from "./place.js";
import { matcher } from "./search.js";
import { Shapes } from "./shapes.js";
import { ask } from "./source.js";
import { STATES, ZoneWeek } from "./week.js";
import { language, word, worded } from "./words.js";

class StallMap extends CityMap {
  constructor() {
    super({ follows: { family: "stall_zone", layers: ["stall_zones", "overrides", "calendar", "kinds"] } });
    this.freeKey = "free_stalls";
    this.names = null;
    this.shapes = new Shapes(this.map, {
      onPick: (code, point) => this.pick(this.marks.at(point) ?? this.placeOfKey(code)),
      onTrouble: () => this.notice.say(word("part_missing")),
    });
  }

  // --- data -------------------------------------------------------------------------------

  loadFirst() {
    return this.loadWeek("/maps/stalls/week.json", (raw) => new ZoneWeek(raw));
  }

  rest() {
    return [ask("/maps/ground.json", groundLayer).then(({ found }) => found.addTo(this.map)), ...this.renewed()];
  }

  renewed() {
    return [this.loadNames(), this.shapes.begin(this.week.shapes).then(() => this.draw())];
  }

  taken(before) {
    const codes = this.week.zones.code;
    this.numbers = new Map(codes.map((code, zone) => [code, zone]));
    this.latlngs = codes.map((_, zone) => this.week.latlng(zone));
    this.marks?.remove();
    this.marks = new Marks(this.latlngs).addTo(this.map);
    this.list.held.clear();
    // Another number of zones: the names that are held belong to others.
    if (before && before.zones.code.join() !== codes.join()) this.names = null;
    if (!before) this.offer();
  }

  async loadNames() {
    const { found } = await ask("/maps/stalls/names.json", (raw) => {
      if (raw.name.length !== this.week.size) throw new TypeError("names of other zones");
      return raw;
    });
    this.names = found;
    this.filter();
    if (this.grantWish()) return;
    this.notice.say(word("zone_missing_here", { code: this.wish.place.slice(0, 40) }));
    this.wish.place = null;
  }

  get canList() {
    return this.names !== null;
  }

  placeOfKey(code) {
    return this.numbers.get(code) ?? null;
  }

  // --- what is wanted ---------------------------------------------------------------------

  /** Fill the filters from what the city has. */
  offer() {
    const { kinds, goods } = this.week;
    const { kinds: wished, goods: wishedGoods, words, sort } = this.wish;
    const used = [...new Set(this.week.zones.kind)].sort((a, b) => a - b);
    this.offerKinds(
      used.map((kind) => ({ slug: kinds.slug[kind], name: worded(kinds.zh[kind], kinds.en[kind]) })),
      (slug) => wished.has(slug),
    );
    const offered = goods.zh.map((one) => new Option(one, one)).sort((a, b) => a.text.localeCompare(b.text, "zh"));
    page("goods").append(...offered);
    page("goods").value = goods.zh.includes(wishedGoods) ? wishedGoods : "";
    page("search").value = words;
    page("sort").value = sort === "name" ? "name" : "time";
  }

  clearFilters() {
    for (const box of page("kinds").querySelectorAll("input")) box.checked = false;
    page("goods").value = page("search").value = "";
    page("in-view").checked = false;
  }

  chooseWanted() {
    const { zones, goods, goods_sets: sets } = this.week;
    const kinds = new Set(this.kindsOn.map((slug) => this.week.kinds.slug.indexOf(slug)));
    const wantedGoods = goods.zh.indexOf(page("goods").value);
    const answers = matcher(page("search").value);
    const view = this.viewOnly;
    this.wanted = [];
    for (let zone = 0; zone < this.week.size; zone += 1) {
      const held = sets[zones.goods[zone]];
      if (kinds.size && !kinds.has(zones.kind[zone])) continue;
      if (wantedGoods >= 0 && !held.includes(wantedGoods)) continue;
      if (view && !view.contains(this.latlngs[zone])) continue;
      const texts = [zones.code[zone], ...held.map((one) => goods.zh[one])];
      const initials = held.map((one) => goods.initials[one]);
      if (this.names) {
        texts.push(this.names.name[zone], this.names.name_en[zone], this.names.address[zone]);
        initials.push(this.names.initials[zone]);
      }
      if (answers(texts, initials)) this.wanted.push(zone);
    }
    this.isWanted = new Set(this.wanted);
  }

  weights() {
    return this.week.stalls(this.wanted);
  }

  // --- what is seen -----------------------------------------------------------------------

  paint() {
    this.states = Uint8Array.from(this.week.zones.pattern, (one) => this.moments[one].state);
    this.marks.paint(this.wanted, this.states, this.chosen);
    this.shapes.paint((code) => {
      const zone = this.numbers.get(code);
      return this.isWanted.has(zone) ? this.states[zone] : null;
    });
  }

  sayTide([open]) {
    let stalls = 0;
    for (const zone of this.wanted) {
      if (this.states[zone] === 0) stalls += this.week.zones.capacity[zone] ?? 0;
    }
    this.tide.say(word("tide_now", { when: this.tide.words, zones: open, stalls: stalls.toLocaleString(language) }));
  }

  listWords(count) {
    if (count === 0) return word("nothing_found");
    return count === this.week.size ? word("zones_in_all", { count }) : word("zones_found", { count, all: this.week.size });
  }

  // --- of a zone --------------------------------------------------------------------------

  keyOf(zone) {
    return this.week.zones.code[zone];
  }

  stateOf(zone) {
    return this.states[zone];
  }

  patternOf(zone) {
    return this.week.zones.pattern[zone];
  }

  latlngOf(zone) {
    return this.latlngs[zone];
  }

  nameOf(zone) {
    return this.names && worded(this.names.name[zone], this.names.name_en[zone]);
  }

  targetOf(zone) {
    const { kind, code } = this.week.zones;
    return `stall_zone:${this.week.kinds.slug[kind[zone]]}:${code[zone]}`;
  }

  pathOf(zone) {
    return `/maps/stalls/zones/${encodeURIComponent(this.keyOf(zone))}`;
  }

  placeAt(point) {
    return this.marks.at(point);
  }

  boundsOf(zone) {
    return this.shapes.boundsOf(this.keyOf(zone)) ?? super.boundsOf(zone);
  }

  row(zone) {
    const { week, names } = this;
    const { zones, goods, kinds } = week;
    const pattern = zones.pattern[zone];
    const at = this.tide.at;
    const moment = this.moments[pattern];
    const state = STATES[moment.state];
    const note = week.noteOf(pattern, at);
    const capacity = zones.capacity[zone];
    return {
      name: this.nameOf(zone),
      state,
      stateName: word(state),
      change: changeWords(week, moment, at, state),
      facts: [
        worded(kinds.zh[zones.kind[zone]], kinds.en[zones.kind[zone]]).text,
        capacity === null ? "" : word("stalls_in_all", { count: capacity }),
      ],
      free: this.freeWords(zone),
      far: this.place ? distanceWords(this.awayOf(zone)) : "",
      goods: week.goods_sets[zones.goods[zone]].map((one) => goods.zh[one]).join(word("separator")),
      address: names.address[zone],
      note: note ? worded(note.zh, note.en) : { text: week.isAssumed(pattern, at) ? word("assumed") : "", lang: language },
    };
  }

  noted() {
    return { kind: this.kindsOn, goods: page("goods").value, zone: this.chosenKey };
  }
}

new StallMap().start();
