// The map of tidal stalls: one week of openings comes once, and everything else happens here.
import { followLanguage, readAddress, writeAddress } from "./address.js";
import { furnish } from "./furniture.js";
import { groundLayer } from "./ground.js";
import { List } from "./list.js";
import { Readings } from "./live.js";
import { Marks } from "./marks.js";
import { ageWords, changeWords, dateWords } from "./moments.js";
import { Notice } from "./notice.js";
import { keepForLater } from "./offline.js";
import { askPlace, distanceM, distanceWords } from "./place.js";
import { matcher } from "./search.js";
import { Shapes } from "./shapes.js";
import { Sheet } from "./sheet.js";
import { ask } from "./source.js";
import { Tide } from "./tide.js";
import { STATES, Week } from "./week.js";
import { language, word, worded } from "./words.js";

const CLOSE_ZOOM = 16;
const MINUTE_MS = 60000;
const LIST_PAUSE_MS = 150;
const HIDDEN = -1;
const page = (id) => document.getElementById(id);

class StallMap {
  constructor() {
    this.map = window[document.querySelector(".folium-map").id];
    this.wish = readAddress();
    this.notice = new Notice(page("trouble"));
    this.readings = new Readings();
    this.names = null;
    this.place = null;
    this.chosen = null;
    this.sheet = new Sheet(page("sheet"), () => this.choose(null));
    this.tide = new Tide(page("tide"), { onMove: () => this.moved(), onRest: () => this.rested() });
    this.list = new List(page("list"), { rowOf: (zone) => this.row(zone), onPick: (zone) => this.pick(zone) });
    this.shapes = new Shapes(this.map, {
      onPick: (code, point) => this.pick(this.marks.at(point) ?? this.numberOf(code)),
      onTrouble: () => this.notice.say(word("part_missing")),
    });
    furnish(this.map);
    if (this.wish.map) this.map.setView(this.wish.map.center, this.wish.map.zoom, { animate: false });
  }

  async start() {
    followLanguage();
    if (!await this.loadWeek()) return;
    this.bind();
    // The rest comes after the first drawing; each part may fail alone.
    await Promise.allSettled([
      ask("/maps/ground.json", groundLayer).then(({ found }) => found.addTo(this.map)),
      this.loadNames(),
      this.shapes.begin(this.week.shapes).then(() => this.draw()),
    ]).then((parts) => {
      if (parts.some(({ status }) => status === "rejected")) this.notice.say(word("part_missing"));
    });
    setInterval(() => this.tick(), MINUTE_MS / 4);
    keepForLater();
  }

  // --- data -------------------------------------------------------------------------------

  /** Whether the week could be had; what is shown stays when it could not. */
  async loadWeek() {
    const at = Number.isFinite(this.wish.at) ? `?at=${encodeURIComponent(new Date(this.wish.at).toISOString())}` : "";
    try {
      const { found, ageS } = await ask(`/maps/stalls/week.json${at}`, (raw) => new Week(raw));
      this.take(found);
      this.notice.say(ageS > 0 ? word("data_age", { age: ageWords(ageS) }) : "");
      return true;
    } catch {
      this.notice.say(word(this.week ? "stays_old" : "no_data"), () => this.again());
      return false;
    }
  }

  async again() {
    if (this.week) this.refresh();
    else this.start();
  }

  take(week) {
    const before = this.week;
    this.week = week;
    const codes = week.zones.code;
    this.numbers = new Map(codes.map((code, zone) => [code, zone]));
    this.latlngs = codes.map((_, zone) => week.latlng(zone));
    this.marks?.remove();
    this.marks = new Marks(this.latlngs).addTo(this.map);
    this.list.held.clear();
    // Another number of zones: the names that are held belong to others.
    if (before && before.zones.code.join() !== codes.join()) this.names = null;
    if (!before) this.offer();
    const at = before ? (this.tide.isFollowing ? null : before.epoch_min + this.tide.at - week.epoch_min) : this.wishedMinute();
    this.tide.begin(week, at);
    this.chosen = this.chosenCode ? this.numbers.get(this.chosenCode) ?? null : null;
    this.filter();
  }

  wishedMinute() {
    return Number.isFinite(this.wish.at) ? this.week.minuteOf(this.wish.at) : null;
  }

  async loadNames() {
    const { found } = await ask("/maps/stalls/names.json", (raw) => {
      if (raw.name.length !== this.week.size) throw new TypeError("names of other zones");
      return raw;
    });
    this.names = found;
    this.filter();
    const wanted = this.wish.zone;
    this.wish.zone = null;
    if (wanted !== null && this.numbers.has(wanted)) this.pick(this.numbers.get(wanted));
    else if (wanted !== null) this.notice.say(word("zone_missing_here", { code: wanted.slice(0, 40) }));
  }

  /** The map's data has changed: once in a while is soon enough, however often it is told. */
  refresh() {
    this.due ??= setTimeout(async () => {
      this.due = null;
      if (!await this.loadWeek()) return;
      await Promise.allSettled([this.loadNames(), this.shapes.begin(this.week.shapes)]);
      this.filter();
    }, 500);
  }

  numberOf(code) {
    return this.numbers.get(code) ?? null;
  }

  // --- what is wanted ---------------------------------------------------------------------

  /** Fill the filters from what the city has. */
  offer() {
    const { kinds, goods } = this.week;
    const { kinds: wished, goods: wishedGoods, words, sort } = this.wish;
    const used = new Set(this.week.zones.kind);
    page("kinds").replaceChildren(...kinds.slug.flatMap((slug, kind) => {
      if (!used.has(kind)) return [];
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = slug;
      box.checked = wished.has(slug);
      const name = worded(kinds.zh[kind], kinds.en[kind]);
      const text = document.createElement("span");
      text.textContent = name.text;
      text.lang = name.lang;
      label.append(box, text);
      return [label];
    }));
    const offered = goods.zh.map((one) => new Option(one, one)).sort((a, b) => a.text.localeCompare(b.text, "zh"));
    page("goods").append(...offered);
    page("goods").value = goods.zh.includes(wishedGoods) ? wishedGoods : "";
    page("search").value = words;
    page("sort").value = sort === "name" ? "name" : "time";
  }

  bind() {
    const filter = () => { this.list.rewind(); this.filter(); this.note(); };
    page("search").addEventListener("input", filter);
    page("kinds").addEventListener("change", filter);
    page("goods").addEventListener("change", filter);
    page("in-view").addEventListener("change", filter);
    page("sort").addEventListener("change", () => {
      if (page("sort").value === "near" && !this.place) this.nearMe();
      else filter();
    });
    page("clear").addEventListener("click", () => {
      for (const box of page("kinds").querySelectorAll("input")) box.checked = false;
      page("goods").value = page("search").value = "";
      page("in-view").checked = false;
      filter();
    });
    page("near-me").addEventListener("click", () => this.nearMe());
    addEventListener("online", () => this.refresh());
    this.map.on("click", (event) => {
      const zone = this.marks.at(event.containerPoint);
      if (zone !== null) this.pick(zone);
    });
    this.map.on("mousemove", (event) => {
      const zone = this.marks.at(event.containerPoint);
      const frame = this.map.getContainer();
      frame.classList.toggle("on-mark", zone !== null);
      frame.title = zone === null || !this.names ? "" : this.nameOf(zone).text;
    });
    this.map.on("moveend", () => {
      if (page("in-view").checked) this.filter();
      this.note();
    });
  }

  /** Which zones are wanted, whatever the hour. */
  filter() {
    const { zones, goods, goods_sets: sets } = this.week;
    const kinds = new Set([...page("kinds").querySelectorAll(":checked")].map((box) => this.week.kinds.slug.indexOf(box.value)));
    const wantedGoods = goods.zh.indexOf(page("goods").value);
    const answers = matcher(page("search").value);
    const view = page("in-view").checked ? this.map.getBounds() : null;
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
    this.bins = null;
    this.draw();
    this.relist();
  }

  // --- what is seen -----------------------------------------------------------------------

  /** Draw the map and the tide as they are at the slider's instant; cheap enough for each frame. */
  draw() {
    const { week, tide } = this;
    // What the clock says has left the week that is held: nothing is known of it.
    const isOver = tide.isFollowing && tide.nowMin >= week.end;
    this.moments = isOver ? week.unknown() : week.moments(tide.at);
    if (isOver) this.notice.say(word("week_over", { date: dateWords(week.wall(week.end - 1)) }), () => this.again());
    const { pattern } = week.zones;
    const states = Uint8Array.from(pattern, (one) => this.moments[one].state);
    this.states = states;
    this.marks.paint(this.wanted, states, this.chosen);
    this.shapes.paint((one) => {
      const zone = this.numbers.get(one);
      return this.isWanted.has(zone) ? states[zone] : null;
    });
    if (this.binsDay !== tide.day || !this.bins) {
      this.bins = week.tide(tide.day, (zone) => this.isWanted.has(zone));
      this.binsDay = tide.day;
      tide.chart(this.bins);
    }
    const counts = [0, 0, 0, 0];
    let stalls = 0;
    for (const zone of this.wanted) {
      counts[states[zone]] += 1;
      if (states[zone] === 0) stalls += week.zones.capacity[zone] ?? 0;
    }
    tide.say(word("tide_now", { when: tide.words, zones: counts[0], stalls: stalls.toLocaleString(language) }));
    for (const [state, count] of counts.entries()) page(`count-${STATES[state]}`).textContent = String(count);
    page("legend-unknown").hidden = counts[3] === 0;
  }

  relist() {
    if (!this.names) return;
    const { zones } = this.week;
    const sort = page("sort").value;
    const change = (zone) => {
      const { closes, opens } = this.moments[zones.pattern[zone]];
      return closes ?? opens ?? Infinity;
    };
    const near = this.place ? this.latlngs.map((one) => distanceM(this.place, one)) : null;
    const order = [...this.wanted].sort((a, b) => {
      if (sort === "near" && near) return near[a] - near[b];
      if (sort === "name") return this.nameOf(a).text.localeCompare(this.nameOf(b).text, language);
      // Infinity less infinity is no number.
      return this.states[a] - this.states[b] || (change(a) === change(b) ? a - b : change(a) - change(b));
    });
    const words = this.wanted.length === this.week.size
      ? word("zones_in_all", { count: order.length })
      : word("zones_found", { count: order.length, all: this.week.size });
    this.list.show(order, order.length ? words : word("nothing_found"), this.chosen);
  }

  nameOf(zone) {
    return worded(this.names.name[zone], this.names.name_en[zone]);
  }

  freeOf(zone) {
    const { kind, code } = this.week.zones;
    return this.readings.of(`stall_zone:${this.week.kinds.slug[kind[zone]]}:${code[zone]}`, Date.now());
  }

  row(zone) {
    const { week, names } = this;
    const { zones, goods, kinds } = week;
    const pattern = zones.pattern[zone];
    const at = this.tide.at;
    const moment = this.moments[pattern];
    const state = STATES[moment.state];
    const note = week.noteOf(pattern, at);
    const free = this.freeOf(zone);
    const capacity = zones.capacity[zone];
    return {
      name: this.nameOf(zone),
      state,
      change: changeWords(week, moment, at, state),
      facts: [
        worded(kinds.zh[zones.kind[zone]], kinds.en[zones.kind[zone]]).text,
        capacity === null ? "" : word("stalls_in_all", { count: capacity }),
      ],
      free: free === null ? "" : word("free_when", { free: word("free_stalls", { count: free.value }), age: ageWords(free.ageS) }),
      far: this.place ? distanceWords(distanceM(this.place, this.latlngs[zone])) : "",
      goods: week.goods_sets[zones.goods[zone]].map((one) => goods.zh[one]).join(word("separator")),
      address: names.address[zone],
      note: note ? worded(note.zh, note.en) : { text: week.isAssumed(pattern, at) ? word("assumed") : "", lang: language },
    };
  }

  // --- what happens -----------------------------------------------------------------------

  moved() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
    this.pause ??= setTimeout(() => { this.pause = null; this.relist(); }, LIST_PAUSE_MS);
  }

  rested() {
    this.draw();
    this.relist();
    this.note();
  }

  /** Time goes on: what follows the clock follows it, and old readings lapse. */
  tick() {
    if (this.tide.isFollowing) {
      this.tide.stand(null);
      if (this.week.minuteOf(Date.now()) >= this.week.midnights[2]) this.refresh();
      this.draw();
    }
    this.live();
  }

  live() {
    this.relist();
    const free = this.chosen === null ? null : page("sheet").querySelector("[data-free]");
    if (free) free.textContent = this.freeWords(this.chosen);
  }

  freeWords(zone) {
    const free = this.freeOf(zone);
    return free === null
      ? word("free_unknown")
      : word("free_when", { free: word("free_stalls", { count: free.value }), age: ageWords(free.ageS) });
  }

  pick(zone) {
    this.choose(zone);
    const code = this.week.zones.code[zone];
    const bounds = this.shapes.boundsOf(code) ?? L.latLng(this.latlngs[zone]).toBounds(120);
    this.map.fitBounds(bounds, { maxZoom: CLOSE_ZOOM, animate: false });
    const at = this.tide.isFollowing ? "" : `&at=${encodeURIComponent(this.week.date(this.tide.at).toISOString())}`;
    const path = `/maps/stalls/zones/${encodeURIComponent(code)}?lang=${language}${at}`;
    this.sheet.open(path, this.known(zone), () => {
      if (this.freeOf(zone) !== null) this.live();
    });
    this.list.reveal(zone);
  }

  choose(zone) {
    this.chosen = zone;
    this.chosenCode = zone === null ? null : this.week.zones.code[zone];
    this.marks.paint(this.wanted, this.states, zone);
    this.relist();
    this.note();
  }

  /** What the page knows of a zone by itself, until its sheet has come. */
  known(zone) {
    const row = this.row(zone);
    const box = document.createElement("article");
    box.className = "sheet";
    const name = document.createElement("h2");
    name.textContent = row.name.text;
    name.lang = row.name.lang;
    box.append(name, ...[`${word(row.state)} · ${row.change}`, row.facts.filter(Boolean).join(" · "), row.goods, row.address]
      .filter(Boolean).map((text) => {
        const line = document.createElement("p");
        line.textContent = text;
        return line;
      }));
    return box;
  }

  async nearMe() {
    const button = page("near-me");
    button.disabled = true;
    try {
      this.place = await askPlace();
      page("sort").value = "near";
      this.here?.remove();
      this.here = L.marker(this.place, {
        icon: L.divIcon({ className: "here", iconSize: [18, 18] }), title: word("you_are_here"), keyboard: false,
      }).addTo(this.map);
      const nearest = [...this.wanted].sort((a, b) =>
        distanceM(this.place, this.latlngs[a]) - distanceM(this.place, this.latlngs[b])).slice(0, 3);
      this.map.fitBounds(L.latLngBounds([this.place, ...nearest.map((zone) => this.latlngs[zone])]).pad(0.2), { animate: false });
      this.notice.say("");
    } catch (error) {
      this.notice.say(error.message);
      if (page("sort").value === "near") page("sort").value = "time";
    }
    button.disabled = false;
    this.list.rewind();
    this.relist();
  }

  /** Write the view into the address. */
  note() {
    const { lat, lng } = this.map.getCenter();
    const sort = page("sort").value;
    writeAddress({
      at: this.tide.isFollowing ? null : isoMinute(this.week, this.tide.at),
      kind: [...page("kinds").querySelectorAll(":checked")].map((box) => box.value),
      goods: page("goods").value,
      q: page("search").value.trim(),
      // A place is nobody else's business, and so no order by it either.
      sort: sort === "name" ? sort : null,
      zone: this.chosenCode,
      map: `${+this.map.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`,
    });
  }
}

/** `2026-11-28T21:30+08:00`: the city's clock, so that people can read it. */
const isoMinute = (week, at) => {
  const { year, month, day, hour, minute, serial } = week.wall(at);
  const two = (number) => String(number).padStart(2, "0");
  const offset = Math.round(serial * 1440 + hour * 60 + minute - (at + week.epoch_min));
  const sign = offset < 0 ? "-" : "+";
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}${zone}`;
};

new StallMap().start();
