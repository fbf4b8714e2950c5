// The list beside the map: the same places, in an order that people choose, a page at a time.
import { word } from "./words.js";

const AT_ONCE = 40;

export class List {
  /** `rowOf(place)` tells what a row says; `onPick(place)` hears which one was pressed. */
  constructor(place, { rowOf, onPick }) {
    this.rows = place.querySelector("ol");
    this.template = place.querySelector("template");
    this.told = place.querySelector(".told");
    this.more = place.querySelector(".more");
    this.rowOf = rowOf;
    this.shown = AT_ONCE;
    this.order = [];
    this.held = new Map();
    this.rows.addEventListener("click", (event) => {
      const entry = event.target.closest("[data-place]");
      if (entry && !event.target.closest("a")) onPick(JSON.parse(entry.dataset.place));
    });
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
    const entry = this.held.get(place);
    // Beside the map the list scrolls on its own; below it, scrolling would take the map away.
    const list = this.rows.closest(".list");
    if (entry?.isConnected && list.scrollHeight > list.clientHeight) entry.scrollIntoView({ block: "nearest" });
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

  #entry(place) {
    if (!this.held.has(place)) {
      const made = this.template.content.firstElementChild.cloneNode(true);
      made.dataset.place = JSON.stringify(place);
      this.held.set(place, made);
    }
    const entry = this.held.get(place);
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
    say(entry.querySelector("b"), word(row.state));
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
