// Numbers that change while the page is open: free places, and news of the map itself.
// Events come as they happen; where they do not come, the page asks now and then.
import { ask, isAlone } from "./source.js";

const POLL_MS = 30000;
const PATIENCE_MS = 10000;
// However many events come, what they change is drawn once in that time.
const GATHER_MS = 200;

/** Readings by target, each as long as it holds: afterwards the number is unknown. */
export class Readings {
  #held = new Map();

  take({ target, measure, value, observed_at: observed, valid_until: until }) {
    if (measure !== "free") return;
    // One without a value was taken back.
    if (value === null) this.#held.delete(target);
    else {
      const known = this.#held.get(target);
      const fresh = { value, observedMs: Date.parse(observed), untilMs: Date.parse(until) };
      if (!known || fresh.observedMs >= known.observedMs) this.#held.set(target, fresh);
    }
  }

  /** The value of a target and its age in seconds at an instant, null where nothing holds. */
  of(target, nowMs) {
    const held = this.#held.get(target);
    if (!held || !(nowMs < held.untilMs)) return null;
    return { value: held.value, ageS: Math.max(0, (nowMs - held.observedMs) / 1000) };
  }

  /** When the next of them ends to hold, Infinity where none does. */
  endMs(nowMs) {
    return Math.min(...[...this.#held.values()].map(({ untilMs }) => untilMs).filter((until) => until > nowMs));
  }
}

/**
 * Follow what changes as long as the page is seen: `onReading()` after readings came or ended to
 * hold, `onLayers()` when one of `layers` changed. Of readings only a `family`.
 */
export const follow = (readings, { family, layers, onReading, onLayers }) => {
  if (isAlone) return;
  const revisions = new Map();
  let events = null;
  let polling = 0;
  let patience = 0;
  let drawing = 0;
  let ending = 0;

  const draw = () => {
    drawing ||= setTimeout(() => {
      drawing = 0;
      onReading();
      const end = readings.endMs(Date.now());
      clearTimeout(ending);
      // A browser counts a longer time as none.
      if (end < Infinity) ending = setTimeout(draw, Math.min(end - Date.now(), 2 ** 31 - 1));
    }, GATHER_MS);
  };
  const catchUp = async () => {
    try {
      const { found } = await ask(`/v1/readings?family=${family}`, (raw) => raw.readings.slice());
      found.forEach((one) => readings.take(one));
      draw();
    } catch {
      // What is held goes on as long as it is valid.
    }
  };
  const poll = () => {
    clearInterval(polling);
    polling = setInterval(() => { catchUp(); onLayers(); }, POLL_MS);
  };
  const isNews = ([layer, revision]) => {
    const isOther = layers.includes(layer) && revisions.has(layer) && revisions.get(layer) !== revision;
    revisions.set(layer, revision);
    return isOther;
  };
  const heard = {
    hello: ({ layers: told }) => {
      clearTimeout(patience);
      clearInterval(polling);
      // What came between the last answer and this stream is told by neither.
      catchUp();
      if (Object.entries(told).filter(isNews).length) onLayers();
    },
    reading: (told) => {
      readings.take(told);
      draw();
    },
    layer: ({ layer, revision }) => { if (isNews([layer, revision])) onLayers(); },
  };

  const open = () => {
    catchUp();
    // The server's own no, or something in between that keeps events back: ask as if there were none.
    patience = setTimeout(poll, PATIENCE_MS);
    events = new EventSource(`/v1/events?family=${family}`);
    for (const [name, take] of Object.entries(heard)) {
      events.addEventListener(name, (event) => take(JSON.parse(event.data)));
    }
    events.addEventListener("error", () => {
      // The browser comes back by itself unless the server said no.
      if (events.readyState === EventSource.CLOSED) poll();
    });
  };
  const close = () => {
    events?.close();
    clearTimeout(patience);
    clearInterval(polling);
  };

  // A page that nobody looks at asks nothing, and leaves its place to others.
  document.addEventListener("visibilitychange", () => {
    close();
    if (!document.hidden) open();
  });
  if (!document.hidden) open();
};
