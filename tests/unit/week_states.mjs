// Reads weeks and instants, answers with what the page's own script makes of them.
import { readFileSync } from "node:fs";
import { STATES, ZoneWeek, sinceDay } from "../../maps/page/week.js";

const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ week: raw, instants, day, since }) => {
  const week = new ZoneWeek(since === undefined ? raw : sinceDay(raw, since));
  return {
    epoch_min: week.epoch_min,
    codes: week.zones.code,
    walls: instants.map((at) => week.wall(at)).map(({ year, month, day, hour, minute }) => [year, month, day, hour, minute]),
    midnights: week.midnights,
    moments: instants.map((at) => week.moments(at).map(({ state, opens = null, closes = null }) => [STATES[state], opens, closes])),
    tide: Array.from(week.tide(day, week.stalls(raw.zones.code.keys()))),
  };
})));
