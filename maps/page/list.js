// The list beside the map: the same places, in an order that people choose, a page at a time.
import { language, word } from "./words.js";

const AT_ONCE = 40;

export class List {
  /**
   * `keyOf(place)` tells one place from another, `rowOf(place)` what a row says; `onPick(place)`
   * hears which one was pressed.
   */
  constructor(place, { keyOf, rowOf, onPick }) {
    this.rows = place.querySelector("ol");
    this.template = place.querySelector("template");
    this.told = place.querySelector(".told");
    this.more = place.querySelector(".more");
    Object.assign(this, { keyOf, rowOf });
    this.shown = AT_ONCE;
    this.order = [];
    this.held = new Map();
    this.rows.addEventListener("click", (event) => {
      const entry = event.target.closest(".entry");
      if (entry && !event.target.closest("a")) onPick(this.held.get(entry.dataset.key).place);
    });
    // Paper cannot be asked for more, nor what day "today" was.
    addEventListener("beforeprint", () => {
      place.dataset.printed = `${new Date(Date.now()).toLocaleString(language)} · ${location.href}`;
      this.#fillUpTo(Infinity);
    });
    addEventListener("afterprint", () => this.#fillUpTo(AT_ONCE));
    this.more.addEventListener("click", () => {
      this.shown += AT_ONCE;
      this.#fill();
      this.rows.children[this.shown - AT_ONCE]?.querySelector("button").focus();
    });
  }

  /** Show the places in this order; `words` says what the list is of. */
  show(order, words, current) {
    this.order = order;
    this.current = current;
    this.told.textContent = words;
    this.#fill();
  }

  /** Begin at the top again, as after a new search. */
  rewind() {
    this.shown = AT_ONCE;
    this.rows.closest(".list").scrollTop = 0;
  }

  reveal(place) {
    const entry = this.held.get(this.#keyOf(place))?.entry;
    // Beside the map the list scrolls on its own; below it, scrolling would take the map away.
    const list = this.rows.closest(".list");
    if (entry?.isConnected && list.scrollHeight > list.clientHeight) entry.scrollIntoView({ block: "nearest" });
  }

  #fillUpTo(count) {
    this.shown = count;
    this.#fill();
  }

  #fill() {
    const wanted = this.order.slice(0, this.shown).map((place) => this.#entry(place));
    // Rows that stand where they should are not touched: the focus stays, and nothing flickers.
    wanted.forEach((entry, k) => {
      if (this.rows.children[k] !== entry) this.rows.insertBefore(entry, this.rows.children[k] ?? null);
    });
    while (this.rows.children.length > wanted.length) this.rows.lastChild.remove();
    const left = this.order.length - wanted.length;
    this.more.hidden = left <= 0;
    this.more.textContent = word("show_more", { count: left });
  }

  #keyOf(place) {
    return String(this.keyOf(place));
  }

  #entry(place) {
    const key = this.#keyOf(place);
    if (!this.held.has(key)) {
      const made = this.template.content.firstElementChild.cloneNode(true);
      made.dataset.key = key;
      this.held.set(key, { entry: made });
    }
    const held = this.held.get(key);
    held.place = place;
    const { entry } = held;
    const row = this.rowOf(place);
    const part = (name) => entry.querySelector(`.${name}`);
    const say = (element, text, lang) => {
      if (element.textContent !== text) element.textContent = text;
      if (lang) element.lang = lang;
      element.hidden = text === "";
    };
    entry.classList.toggle("is-current", place === this.current);
    say(entry.querySelector("button"), row.name.text, row.name.lang);
    part("state").className = `state state-${row.state}`;
    part("mark").className = `mark mark-${row.state}`;
    part("mark").hidden = row.stateName === "";
    say(entry.querySelector("b"), row.stateName);
    say(part("change"), row.change);
    say(part("facts-line"), row.facts.filter(Boolean).join(" · "));
    say(part("far"), row.far);
    say(part("free"), row.free);
    say(part("goods-line"), row.goods);
    say(part("address-line"), row.address);
    say(part("note"), row.note.text, row.note.lang);
    return entry;
  }
}
