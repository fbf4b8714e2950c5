// Times in words, as maps/hours.py has them: 18:00 today, tomorrow 02:00, Friday 18:00, June 10.
import { said, word } from "./words.js";

const DAYS = ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"];
const SOON_MIN = 60;

/** `06:05` of hours and minutes. */
export const clock = (hour, minute) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;

/** Month and day, such as `6月12日`. */
export const dateWords = ({ month, day }) => word("date", { month: word(`month_${month}`), day });
const weekday = ({ serial }) => word(DAYS[(serial + 4) % 7]);

/** A day as a button tells it: today, or weekday and date. */
export const dayWords = (week, day, isToday) => {
  const wall = week.wall(week.midnights[day]);
  const whole = `${weekday(wall)} ${dateWords(wall)}`;
  return { name: isToday ? word("today") : weekday(wall), date: `${wall.month}/${wall.day}`, whole: isToday ? word("today") : whole };
};

const momentWords = (week, when, at, ends) => {
  const [there, here] = [week.wall(when), week.wall(at)];
  // People close at 24:00 tonight, not at 00:00 tomorrow.
  const atMidnight = ends && there.hour === 0 && there.minute === 0;
  const time = atMidnight ? "24:00" : clock(there.hour, there.minute);
  const away = there.serial - (atMidnight ? 1 : 0) - here.serial;
  if (away <= 0) return time;
  if (away === 1) return word("tomorrow", { time });
  const wall = atMidnight ? week.wall(when - 1) : there;
  if (away < 7) return word("on_weekday", { day: weekday(wall), time });
  return word("on_date", { date: dateWords(wall), time });
};

// `manner` is how it is said: of stalls or of places.
/** The next change of a moment, such as `20 分钟后收摊` or `opens 18:00`; empty when unknown. */
export const changeWords = (week, moment, at, state, manner = "stalls") => {
  if (state === "unknown") return "";
  for (const [when, key, soon] of [[moment.closes, "closes", "closes_in"], [moment.opens, "opens", "opens_in"]]) {
    if (when === undefined || when === null) continue;
    const left = Math.ceil(when - at);
    if (left < SOON_MIN) return said(soon, manner, { count: left });
    return said(key, manner, { moment: momentWords(week, when, at, key === "closes") });
  }
  return said(state === "open" ? "never_closes" : "never_opens", manner);
};

/** How long ago, as the zone's page says it. */
export const ageWords = (seconds) => {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return word("just_now");
  if (minutes < 120) return word("minutes_ago", { count: minutes });
  if (minutes < 2880) return word("hours_ago", { count: Math.floor(minutes / 60) });
  return word("days_ago", { count: Math.floor(minutes / 1440) });
};
