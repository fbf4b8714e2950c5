// What both maps are: a week of hours that comes once, a tide, a list in step with the map, sheets,
// the reader's place, and an address that shows others the same view.
//
// A page that extends it says what a place is (a number, an object) and has
//   loadFirst()        gets the week and whatever the first drawing needs; false when it could not
//   rest(), renewed()  promises of what comes after that, and of what comes again with new data
//   taken(before)      makes ready what hangs on a new week
//   chooseWanted()     sets `wanted`, the places that answer to the filters, whatever the hour
//   clearFilters(), canList, listWords(count)
//   paint()            draws them
//   weights()          how much each pattern of hours counts in the tide
//   sayTide(counts)    says what is open; counts are by state
//   keyOf, stateOf, patternOf, latlngOf, nameOf, targetOf, pathOf, row   of a place
//   placeOfKey(key), placeAt(point)   the place that an address names, or that was pressed
//   noted()            what else the address holds
import { followLanguage, readAddress, writeAddress } from "./address.js";
import { furnish } from "./furniture.js";
import { List } from "./list.js";
import { Readings, follow } from "./live.js";
import { ageWords, dateWords } from "./moments.js";
import { Notice } from "./notice.js";
import { keepForLater } from "./offline.js";
import { askPlace, distanceM } from "./place.js";
import { Sheet, summary } from "./sheet.js";
import { ask, isAlone } from "./source.js";
import { Tide } from "./tide.js";
import { STATES, sinceDay } from "./week.js";
import { language, word } from "./words.js";

const CLOSE_ZOOM = 16;
const MINUTE_MS = 60000;
const LIST_PAUSE_MS = 150;
const REFRESH_PAUSE_MS = 500;

export const page = (id) => document.getElementById(id);

export class CityMap {
  /** `follows` says which changes matter: the `family` of readings, and the `layers` of the data. */
  constructor({ follows }) {
    this.map = window[document.querySelector(".folium-map").id];
    this.wish = readAddress();
    this.follows = follows;
    this.notice = new Notice(page("trouble"));
    this.readings = new Readings();
    this.wanted = [];
    this.place = null;
    this.chosen = null;
    this.sheet = new Sheet(page("sheet"), () => this.choose(null));
    this.tide = new Tide(page("tide"), {
      onMove: () => this.moved(),
      onRest: () => this.rested(),
      onAway: (when) => this.comeBack(when),
    });
    this.list = new List(page("list"), {
      keyOf: (place) => this.keyOf(place),
      rowOf: (place) => this.row(place),
      onPick: (place) => this.pick(place),
    });
    furnish(this.map);
    if (this.wish.map) this.map.setView(this.wish.map.center, this.wish.map.zoom, { animate: false });
  }

  async start() {
    followLanguage();
    if (!await this.loadFirst()) return;
    this.bind();
    // The rest comes after the first drawing; each part may fail alone.
    const parts = await Promise.allSettled(this.rest());
    if (parts.some(({ status }) => status === "rejected")) this.notice.say(word("part_missing"));
    setInterval(() => this.tick(), MINUTE_MS / 4);
    follow(this.readings, { ...this.follows, onReading: () => this.live(), onLayers: () => this.refresh() });
    keepForLater();
  }

  // --- data -------------------------------------------------------------------------------

  /** Ask for what holds the week; whether it could be had. What is shown stays when it could not. */
  async loadWeek(path, read) {
    const at = Number.isFinite(this.wish.at) ? `?at=${encodeURIComponent(new Date(this.wish.at).toISOString())}` : "";
    try {
      const { found, ageS } = await ask(`${path}${at}`, (raw) => read(isAlone ? sinceDay(raw, Date.now()) : raw));
      this.take(found);
      this.notice.say(ageS > 0 ? word("data_age", { age: ageWords(ageS) }) : "");
      return true;
    } catch {
      this.notice.say(word(this.week ? "stays_old" : "no_data"), () => this.again());
      return false;
    }
  }

  again() {
    if (this.week) this.refresh();
    else this.start();
  }

  take(week) {
    const before = this.week;
    this.week = week;
    this.taken(before);
    const at = before ? (this.tide.isFollowing ? null : before.epoch_min + this.tide.at - week.epoch_min) : this.wishedMinute();
    this.tide.begin(week, at);
    this.chosen = this.chosenKey ? this.placeOfKey(this.chosenKey) : null;
    this.filter();
  }

  /** Offline the week that is held may be another one than the address asks for. */
  wishedMinute() {
    const at = this.week.minuteOf(this.wish.at);
    if (at >= 0 && at < this.week.end) return at;
    // A file may be made to open on an instant, as long as that is to come.
    return isAlone && this.week.at_min > this.week.minuteOf(Date.now()) ? this.week.at_min : null;
  }

  /** From the week of another time, which a link asked for, to the present one. */
  async comeBack(when) {
    this.wish.at = NaN;
    if (await this.loadFirst() && this.tide.today !== null) this.tide.go(when);
  }

  /** Open what the address names, once that place is known. */
  grantWish() {
    const wanted = this.wish.place;
    if (wanted === null) return true;
    const place = this.placeOfKey(wanted);
    if (place === null) return false;
    this.wish.place = null;
    this.pick(place);
    return true;
  }

  /** The map's data has changed: once in a while is soon enough, however often it is told. */
  refresh() {
    this.due ??= setTimeout(async () => {
      this.due = null;
      if (!await this.loadFirst()) return;
      await Promise.allSettled(this.renewed());
      this.filter();
    }, REFRESH_PAUSE_MS);
  }

  // --- what is wanted ---------------------------------------------------------------------

  bind() {
    const filter = () => { this.list.rewind(); this.filter(); this.note(); };
    for (const id of ["search", "kinds", "goods", "in-view", "barrier-free"]) {
      page(id)?.addEventListener(id === "search" ? "input" : "change", filter);
    }
    page("sort").addEventListener("change", () => {
      if (page("sort").value === "near" && !this.place) this.nearMe();
      else filter();
    });
    page("clear").addEventListener("click", () => { this.clearFilters(); filter(); });
    page("near-me").addEventListener("click", () => this.nearMe());
    addEventListener("online", () => this.refresh());
    this.map.on("click", (event) => {
      const place = this.placeAt(event.containerPoint);
      if (place !== null) this.pick(place);
    });
    this.map.on("mousemove", (event) => {
      const place = this.placeAt(event.containerPoint);
      const frame = this.map.getContainer();
      frame.classList.toggle("on-mark", place !== null);
      frame.title = place === null ? "" : this.nameOf(place)?.text ?? "";
    });
    this.map.on("moveend", () => {
      if (page("in-view").checked) this.filter();
      this.note();
    });
  }

  /** The kinds as boxes to switch on and off; `checked(slug)` says which are on. */
  offerKinds(kinds, checked, told = () => "") {
    page("kinds").replaceChildren(...kinds.map(({ slug, name }) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      const text = document.createElement("span");
      box.type = "checkbox";
      box.value = slug;
      box.checked = checked(slug);
      text.textContent = name.text + told(slug);
      text.lang = name.lang;
      label.append(box, text);
      return label;
    }));
  }

  get kindsOn() {
    return [...page("kinds").querySelectorAll(":checked")].map((box) => box.value);
  }

  /** What the map shows now, where only that is to be listed. */
  get viewOnly() {
    return page("in-view").checked ? this.map.getBounds() : null;
  }

  filter() {
    this.chooseWanted();
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
    const lastDay = () => dateWords(week.wall(week.end - 1));
    if (isOver && isAlone) this.notice.say(word("alone_over", { date: lastDay() }));
    else if (isOver) this.notice.say(word("week_over", { date: lastDay() }), () => this.again());
    this.paint();
    if (this.binsDay !== tide.day || !this.bins) {
      this.bins = week.tide(tide.day, this.weights());
      this.binsDay = tide.day;
      tide.chart(this.bins);
    }
    const counts = [0, 0, 0, 0];
    for (const place of this.wanted) {
      const state = this.stateOf(place);
      if (state < counts.length) counts[state] += 1;
    }
    this.sayTide(counts);
    for (const [state, name] of STATES.entries()) page(`count-${name}`).textContent = String(counts[state]);
    page("legend-unknown").hidden = counts[3] === 0;
  }

  relist() {
    if (!this.canList) return;
    const sort = page("sort").value;
    const changes = this.moments.map(({ closes, opens }) => closes ?? opens ?? Infinity);
    const change = (place) => changes[this.patternOf(place)];
    const near = this.place && new Map(this.wanted.map((place) => [place, this.awayOf(place)]));
    const names = sort === "name" && new Intl.Collator(language);
    const order = [...this.wanted].sort((a, b) => {
      if (sort === "near" && near) return near.get(a) - near.get(b);
      if (names) return names.compare(this.nameOf(a).text, this.nameOf(b).text);
      // Infinity less infinity is no number.
      return this.rankOf(a) - this.rankOf(b) || (change(a) === change(b) ? 0 : change(a) - change(b));
    });
    this.list.show(order, this.listWords(order.length), this.chosen);
    this.tellState();
  }

  /** A sheet that was written into a file knows no clock: what holds is said by the page. */
  tellState() {
    const line = page("sheet").querySelector("[data-state]");
    if (!line || this.chosen === null) return;
    const { state, stateName, change, note } = this.row(this.chosen);
    line.className = `state state-${state}`;
    line.querySelector(".mark").className = `mark mark-${state}`;
    line.querySelector("b").textContent = stateName;
    line.querySelector(".change").textContent = change && `· ${change}`;
    const why = page("sheet").querySelector("[data-note]");
    Object.assign(why, { textContent: note.text, lang: note.lang, hidden: note.text === "" });
  }

  /** Where a place stands in the usual order: what is open first. */
  rankOf(place) {
    return this.stateOf(place);
  }

  awayOf(place) {
    return distanceM(this.place, this.latlngOf(place));
  }

  /** What was counted just now says nothing of another hour. */
  freeOf(place) {
    if (!this.tide.isFollowing) return null;
    return this.readings.of(this.targetOf(place), Date.now());
  }

  freeWords(place) {
    const free = this.freeOf(place);
    return free === null ? "" : word("free_when", { free: word(this.freeKey, { count: free.value }), age: ageWords(free.ageS) });
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
      const isAnotherDay = this.week.minuteOf(Date.now()) >= this.week.midnights[2];
      // A file has nothing beyond its end, however often it is asked.
      if (isAnotherDay && !(isAlone && this.tide.nowMin >= this.week.end)) this.refresh();
      this.draw();
    }
    this.live();
  }

  live() {
    this.relist();
    const free = this.chosen === null ? null : page("sheet").querySelector("[data-free]");
    if (free) free.textContent = this.freeWords(this.chosen) || word("free_unknown");
  }

  pick(place) {
    this.choose(place);
    this.map.fitBounds(this.boundsOf(place), { maxZoom: CLOSE_ZOOM, animate: false });
    const at = this.tide.isFollowing ? "" : `&at=${encodeURIComponent(this.week.date(this.tide.at).toISOString())}`;
    this.sheet.open(`${this.pathOf(place)}?lang=${language}${at}`, summary(this.row(place)), (article) => {
      this.tellState();
      if (this.freeOf(place) !== null) this.live();
      this.opened(place, article);
    });
    this.list.reveal(place);
  }

  boundsOf(place) {
    return L.latLng(this.latlngOf(place)).toBounds(120);
  }

  /** The sheet of a place has come. */
  opened() {}

  choose(place) {
    this.chosen = place;
    this.chosenKey = place === null ? null : this.keyOf(place);
    this.paint();
    this.relist();
    this.note();
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
      await this.showNearest();
      this.notice.say("");
    } catch (error) {
      this.notice.say(error.message);
      if (page("sort").value === "near") page("sort").value = "time";
    }
    button.disabled = false;
    this.list.rewind();
    this.relist();
  }

  /** Bring the reader and the three nearest places into view. */
  showNearest() {
    const nearest = [...this.wanted].sort((a, b) => this.awayOf(a) - this.awayOf(b)).slice(0, 3);
    const corners = [this.place, ...nearest.map((place) => this.latlngOf(place))];
    this.map.fitBounds(L.latLngBounds(corners).pad(0.2), { animate: false });
  }

  /** Write the view into the address. */
  note() {
    const { lat, lng } = this.map.getCenter();
    const sort = page("sort").value;
    writeAddress({
      at: this.tide.isFollowing ? null : isoMinute(this.week, this.tide.at),
      q: page("search").value.trim(),
      // A place is nobody else's business, and so no order by it either.
      sort: sort === "name" ? sort : null,
      map: `${+this.map.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lng.toFixed(5)}`,
      ...this.noted(),
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
