// The compact week that the server sends once: which places are open at an instant, and until when.
// Instants are minutes since the first midnight of the week. This file needs no page: tests run it alone.

export const STATES = ["open", "later", "closed", "unknown"];
const [OPEN, LATER, CLOSED, UNKNOWN] = STATES.keys();
export const BIN_MIN = 15;
const DAY_MIN = 1440;

/** The days and the patterns of hours that many places share. */
export class Week {
  /** `raw` is the answer of the server; throws when it is not one. */
  constructor(raw) {
    if (!Array.isArray(raw.patterns)) throw new TypeError("no patterns");
    Object.assign(this, raw);
    this.midnights = Array.from({ length: raw.days + 1 }, (_, day) => this.#midnight(day));
    this.end = this.midnights[raw.days];
  }

  /** Where the clock of the city stands: days are not always of 1,440 minutes everywhere. */
  #midnight(day) {
    const guess = day * DAY_MIN;
    const { hour, minute } = this.wall(guess);
    const past = hour * 60 + minute;
    return guess + (past < DAY_MIN / 2 ? -past : DAY_MIN - past);
  }

  minuteOf(milliseconds) {
    return milliseconds / 60000 - this.epoch_min;
  }

  date(at) {
    return new Date((at + this.epoch_min) * 60000);
  }

  /** Year, month, day, hour, minute on the city's clock; `serial` counts days. */
  wall(at) {
    // The server tells how the city's clock goes: a browser takes long to load its own calendar.
    const [, ahead] = this.offsets.filter(([from]) => from <= at).at(-1) ?? this.offsets[0];
    const clock = this.date(at + ahead);
    return {
      year: clock.getUTCFullYear(), month: clock.getUTCMonth() + 1, day: clock.getUTCDate(),
      hour: clock.getUTCHours(), minute: clock.getUTCMinutes(), serial: Math.floor(clock / 864e5),
    };
  }

  /** The number of the day that holds the instant: 1 is the day that was asked for. */
  dayOf(at) {
    const after = this.midnights.findIndex((midnight) => midnight > at);
    return after < 0 ? this.days - 1 : Math.max(0, after - 1);
  }

  /** For each pattern its state, and the next change where there is one: `opens` or `closes`. */
  moments(at) {
    const tomorrow = this.midnights[this.dayOf(at) + 1];
    return this.patterns.map((pattern) => momentOf(pattern, at, tomorrow, this.end));
  }

  /** The moments of a time of which nothing is known. */
  unknown() {
    return this.patterns.map(() => ({ state: UNKNOWN }));
  }

  /** How much is open in each quarter of an hour of a day; `weights` tells it by pattern. */
  tide(day, weights) {
    const [first, last] = [this.midnights[day], this.midnights[day + 1]];
    const bins = new Float64Array((last - first) / BIN_MIN);
    this.patterns.forEach(({ spans }, pattern) => {
      for (let k = 0; weights[pattern] > 0 && spans !== null && k < spans.length; k += 2) {
        // A bin counts what is open when it begins.
        const begin = Math.max(0, Math.ceil((spans[k] - first) / BIN_MIN));
        const end = Math.min(bins.length, Math.ceil((spans[k + 1] - first) / BIN_MIN));
        for (let bin = begin; bin < end; bin += 1) bins[bin] += weights[pattern];
      }
    });
    return bins;
  }

  /** The dated exception that holds for a pattern at an instant, as `{zh, en}`. */
  noteOf(pattern, at) {
    const note = this.patterns[pattern].notes.find(([from, to]) => from <= at && at < to);
    return note && { zh: note[2], en: note[3] };
  }

  /** Whether the answer rests on holidays that are not announced yet. */
  isAssumed(pattern, at) {
    const from = this.patterns[pattern].assumed_from;
    return from !== null && at >= from;
  }
}

/** The week of all stall zones. */
export class ZoneWeek extends Week {
  constructor(raw) {
    const { code, pattern } = raw.zones;
    if (code.length !== pattern.length) throw new TypeError("columns of different length");
    super({ ...raw, zones: { ...raw.zones, code: whole(code) } });
    this.size = code.length;
  }

  /** How many stalls have each pattern, of some zones. */
  stalls(zones) {
    const { pattern, capacity } = this.zones;
    const found = new Float64Array(this.patterns.length);
    for (const zone of zones) found[pattern[zone]] += capacity[zone] ?? 0;
    return found;
  }

  latlng(zone) {
    const { origin, zones: { lon, lat } } = this;
    return [(origin[1] + lat[zone]) / 1e5, (origin[0] + lon[zone]) / 1e5];
  }
}

/**
 * `raw` without the days that are over at an instant, yesterday excepted: a page that was written into
 * a file is opened days later, and its second day has to be today.
 */
export const sinceDay = (raw, milliseconds) => {
  const week = new Week(raw);
  const gone = Math.min(Math.max(0, week.dayOf(week.minuteOf(milliseconds)) - 1), raw.days - 2);
  const moved = (minute) => (minute == null ? null : minute - week.midnights[gone]);
  return {
    ...raw,
    epoch_min: raw.epoch_min + week.midnights[gone],
    days: raw.days - gone,
    offsets: raw.offsets.map(([from, ahead]) => [moved(from), ahead]),
    at_min: moved(raw.at_min),
    patterns: raw.patterns.map(({ spans, next, notes, assumed_from: assumed }) => ({
      spans: spans && spans.map(moved),
      next: moved(next),
      notes: notes.map(([first, last, ...reasons]) => [moved(first), moved(last), ...reasons]),
      assumed_from: moved(assumed),
    })),
  };
};

/** Texts that the server shortened: a digit tells how much of the one before is theirs too. */
const whole = (texts) => {
  let before = [];
  return texts.map((text) => {
    before = [...before.slice(0, parseInt(text[0], 36)), ...text.slice(1)];
    return before.join("");
  });
};

const momentOf = ({ spans, next }, at, tomorrow, end) => {
  if (spans === null) return { state: UNKNOWN };
  for (let k = 0; k < spans.length; k += 2) {
    if (at < spans[k]) return { state: spans[k] < tomorrow ? LATER : CLOSED, opens: spans[k] };
    if (at < spans[k + 1]) return { state: OPEN, closes: spans[k + 1] < end ? spans[k + 1] : null };
  }
  return { state: CLOSED, opens: next };
};
