// Offline: the service worker, where the browser has one, keeps what was seen.

import { isAlone } from "./source.js";

/** Install the worker, and tell it what this page has loaded already. */
export const keepForLater = async () => {
  if (!navigator.serviceWorker || isAlone) return;
  try {
    await navigator.serviceWorker.register("/maps/sw.js", { scope: "/maps/" });
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    active.postMessage({ keep: [location.href, ...loaded] });
  } catch {
    // Without it the page works as long as there is a network.
  }
};
