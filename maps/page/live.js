// Numbers that change while the page is open: free places, and news of the map itself.
// Events come as they happen; where they do not come, the page asks now and then.
import { ask } from "./source.js";

const POLL_MS = 30000;
const PATIENCE_MS = 10000;

/** Readings by target, each as long as it holds: afterwards the number is unknown. */
export class Readings {
  #held = new Map();

  take({ target, measure, value, observed_at: observed, valid_until: until }) {
    if (measure !== "free") return;
    const known = this.#held.get(target);
    const fresh = { value, observedMs: Date.parse(observed), untilMs: Date.parse(until) };
    if (!known || fresh.observedMs >= known.observedMs) this.#held.set(target, fresh);
  }

  /** The value of a target and its age in seconds at an instant, null where nothing holds. */
  of(target, nowMs) {
    const held = this.#held.get(target);
    if (!held || !(nowMs < held.untilMs)) return null;
    return { value: held.value, ageS: Math.max(0, (nowMs - held.observedMs) / 1000) };
  }
}

/** Follow what changes, readings of a path first: `onReading()` after readings came, `onLayers()` when the map's data did. */
export const follow = (readings, path, { onReading, onLayers }) => {
  let layers = null;
  let timer = 0;

  const catchUp = async () => {
    try {
      const { found } = await ask(path, (raw) => raw.readings.slice());
      found.forEach((one) => readings.take(one));
      onReading();
    } catch {
      // What is held goes on as long as it is valid.
    }
  };
  const poll = () => {
    clearInterval(timer);
    timer = setInterval(() => { catchUp(); onLayers(); }, POLL_MS);
  };
  const parsed = (event) => {
    try {
      return JSON.parse(event.data);
    } catch {
      return null;
    }
  };

  catchUp();
  if (!window.EventSource) {
    poll();
    return;
  }
  const events = new EventSource("/v1/events");
  // A server behind something that keeps events back: ask as if there were none.
  const patience = setTimeout(poll, PATIENCE_MS);
  events.addEventListener("hello", (event) => {
    clearTimeout(patience);
    clearInterval(timer);
    const told = JSON.stringify(parsed(event)?.layers ?? {});
    if (layers !== null) {
      catchUp();
      if (layers !== told) onLayers();
    }
    layers = told;
  });
  events.addEventListener("reading", (event) => {
    const told = parsed(event);
    if (told === null) return;
    readings.take(told);
    onReading();
  });
  events.addEventListener("layer", onLayers);
  events.addEventListener("error", () => {
    // The browser comes back by itself unless the server said no.
    if (events.readyState === EventSource.CLOSED) poll();
  });
};
