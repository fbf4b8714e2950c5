// The tide: a slider over the hours of a day, the days of the week, and a chart of how many stalls
// are open hour by hour.
import { clock, dayWords } from "./moments.js";
import { word } from "./words.js";
import { BIN_MIN } from "./week.js";

const CHART_HEIGHT = 40;
const EVENING_MIN = 20 * 60;
const MORNING_MIN = 7 * 60;
const WEEKEND_MIN = 19 * 60 + 30;
const SATURDAY = 6;
// Before it lies a day whose night may not be over: nobody plans for that.
const FIRST = 1;

export class Tide {
  /**
   * `onMove(at)` is called while the slider moves, `onRest(at)` when it comes to rest, `onAway(when)`
   * when somebody wants to go to a time that this week does not hold.
   */
  constructor(place, { onMove, onRest, onAway }) {
    this.place = place;
    this.slider = place.querySelector("input[type=range]");
    this.told = place.querySelector("output");
    this.days = place.querySelector(".days");
    this.line = place.querySelector("path");
    this.cursor = place.querySelector(".cursor");
    this.now = place.querySelector("[data-when=now]");
    this.onMove = onMove;
    this.onRest = onRest;
    this.onAway = onAway;
    this.isFollowing = true;
    this.slider.addEventListener("input", () => this.#moved(onMove));
    this.slider.addEventListener("change", () => this.#moved(onRest));
    for (const button of place.querySelectorAll("[data-when]")) {
      button.addEventListener("click", () => this.go(button.dataset.when));
    }
  }

  /** Give it a week, and the instant that it stands at; null follows the clock. */
  begin(week, at) {
    this.week = week;
    this.#makeDays();
    this.slider.disabled = false;
    // Towards the end of a week that is held there may be no tomorrow.
    for (const button of this.place.querySelectorAll("button")) {
      button.disabled = this.today !== null && this.#dayFor(button.dataset.when) >= week.days;
    }
    this.stand(at);
  }

  get nowMin() {
    return this.week.minuteOf(Date.now());
  }

  /** The number of the present day in this week, null where it is the week of another time. */
  get today() {
    const now = this.nowMin;
    return now >= 0 && now < this.week.end ? this.week.dayOf(now) : null;
  }

  /** Stand at an instant; null follows the clock. */
  stand(at) {
    this.isFollowing = at === null;
    // The clock has left the week that was sent: its last day goes on until a new one comes.
    this.at = Math.min(Math.max(0, at ?? this.nowMin), this.week.end - 1);
    this.day = this.week.dayOf(this.at);
    this.slider.max = String(this.week.midnights[this.day + 1] - this.week.midnights[this.day]);
    this.slider.value = String(this.at - this.week.midnights[this.day]);
    this.#show();
  }

  /** Draw the chart of the day: stalls that are open in each of its bins. */
  chart(bins) {
    const most = Math.max(1, ...bins);
    const steps = Array.from(bins, (count, bin) => {
      const y = (CHART_HEIGHT * (1 - count / most)).toFixed(1);
      return `L${bin} ${y}L${bin + 1} ${y}`;
    });
    this.line.ownerSVGElement.setAttribute("viewBox", `0 0 ${bins.length} ${CHART_HEIGHT}`);
    this.line.setAttribute("d", `M0 ${CHART_HEIGHT}${steps.join("")}L${bins.length} ${CHART_HEIGHT}Z`);
  }

  /** Say in words what is open at the instant. */
  say(words) {
    this.told.textContent = words;
  }

  /** The instant in words, such as `今天 21:30`. */
  get words() {
    const { hour, minute } = this.week.wall(this.at);
    const { whole } = dayWords(this.week, this.day, this.day === this.today);
    return word("day_and_time", { day: whole, time: clock(hour, minute) });
  }

  #makeDays() {
    this.days.replaceChildren(...Array.from({ length: this.week.days - FIRST }, (_, k) => {
      const day = k + FIRST;
      const words = dayWords(this.week, day, day === this.today);
      const button = document.createElement("button");
      const date = document.createElement("small");
      button.type = "button";
      button.dataset.day = String(day);
      date.textContent = words.date;
      // Its name is what is seen: whoever speaks to the machine says that.
      button.append(words.name, " ", date);
      button.addEventListener("click", () => this.#goTo(day, this.at - this.week.midnights[this.day]));
      return button;
    }));
  }

  #goTo(day, minute) {
    this.stand(Math.min(this.week.midnights[day] + minute, this.week.midnights[day + 1] - 1));
    this.onRest(this.at);
  }

  /** Go to a time by its name: now, tonight, morning, weekend. */
  go(when) {
    const { today } = this;
    if (today === null) {
      this.onAway(when);
    } else if (when === "now") {
      this.stand(null);
      this.onRest(this.at);
    } else if (when === "tonight") {
      const minute = this.nowMin - this.week.midnights[today];
      this.#goTo(today, Math.max(EVENING_MIN, Math.ceil(minute / BIN_MIN) * BIN_MIN));
    } else {
      this.#goTo(this.#dayFor(when), when === "morning" ? MORNING_MIN : WEEKEND_MIN);
    }
  }

  #dayFor(when) {
    if (when === "morning") return this.today + 1;
    return when === "weekend" ? this.#weekend(this.today) : this.today;
  }

  /** Today while it is a weekend whose evening is not over, else the next Saturday. */
  #weekend(today) {
    const weekday = (this.week.wall(this.week.midnights[today]).serial + 4) % 7;
    const minute = this.nowMin - this.week.midnights[today];
    const isNow = (weekday === SATURDAY || weekday === 0) && minute < WEEKEND_MIN + 120;
    return isNow ? today : today + ((SATURDAY - weekday + 7) % 7 || 7);
  }

  #moved(heard) {
    const minute = Math.min(Number(this.slider.value), Number(this.slider.max) - 1);
    this.isFollowing = false;
    this.at = this.week.midnights[this.day] + minute;
    this.#show();
    heard(this.at);
  }

  #show() {
    const share = (this.at - this.week.midnights[this.day]) / Number(this.slider.max);
    this.cursor.style.setProperty("--share", share.toFixed(4));
    this.slider.setAttribute("aria-valuetext", this.words);
    this.now.setAttribute("aria-pressed", String(this.isFollowing));
    for (const button of this.days.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.day) === this.day));
    }
  }
}
