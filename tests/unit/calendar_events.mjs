// Reads calendars, answers with what another program's reader makes of them: ical.js, which
// Thunderbird uses.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const texts = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  return {
    name: calendar.getFirstPropertyValue("x-wr-calname"),
    properties: calendar.getAllProperties().map((one) => one.name),
    events: calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      return {
        uid: event.uid,
        start: event.startDate.isDate ? event.startDate.toString() : event.startDate.toJSDate().getTime() / 60000,
        end: event.endDate.isDate ? event.endDate.toString() : event.endDate.toJSDate().getTime() / 60000,
        summary: event.summary,
        location: event.location,
        description: event.description,
        geo: component.getFirstPropertyValue("geo"),
        properties: component.getAllProperties().map((one) => one.name),
      };
    }),
  };
})));
