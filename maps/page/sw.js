// The service worker: the map that was seen last opens without a network, and says how old it is.
// The server is asked first whenever it answers; what is kept is only for when it does not.

const PAGES = "pages";
const FILES = "files";
// So many zones may be looked up again on the way to the market; so many versions of the files.
const MOST = { [PAGES]: 120, [FILES]: 60 };
const PATIENCE_MS = 8000;
const DATA = ["/maps/stalls/week.json", "/maps/stalls/names.json", "/maps/stalls/shapes.json", "/maps/ground.json", "/maps/facilities/kinds.json"];
const PLACES = /^\/maps\/facilities\/kinds\/[a-z0-9_]+\.json$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  // A file under the address of its content never changes.
  if (url.pathname.startsWith("/static/")) event.respondWith(kept(request));
  else if (isKept(url)) event.respondWith(fresh(request, keyOf(url)));
});
// The page that brought this worker was loaded without it: it tells what it has loaded.
self.addEventListener("message", (event) => {
  event.waitUntil(Promise.allSettled(event.data.keep.map(async (address) => {
    const url = new URL(address);
    const isFile = url.pathname.startsWith("/static/");
    if (url.origin !== location.origin || !(isFile || isKept(url))) return;
    await keep(isFile ? FILES : PAGES, isFile ? address : keyOf(url), await fetch(address));
  })));
});

/** Pages, sheets and data; not what is only true now, nor what is somebody's own question. */
const isKept = ({ pathname }) => DATA.includes(pathname) || PLACES.test(pathname)
  || /^\/maps\/(stalls|facilities)(\/list|\/(zones|places)\/[^/]+)?$/.test(pathname)
  || pathname === "/maps/manifest.webmanifest";

/** One copy for each page and language, whatever else the address holds. */
const keyOf = ({ pathname, searchParams }) => {
  const language = pathname.endsWith(".json") ? "" : `?lang=${searchParams.get("lang") ?? "zh"}`;
  return `${location.origin}${pathname}${language}`;
};

const fresh = async (request, key) => {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    // Another day's week must not stand in for today's.
    if (answer.ok && !new URL(request.url).searchParams.has("at")) await keep(PAGES, key, answer.clone());
    if (answer.status < 500) return answer;
    return await old(key) ?? answer;
  } catch (error) {
    const found = await old(key);
    if (found) return found;
    throw error;
  }
};

const kept = async (request) => {
  const cache = await caches.open(FILES);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && new URL(request.url).searchParams.has("v")) await keep(FILES, request.url, answer.clone());
  return answer;
};

/** What was kept, with its age as the server itself tells it when its database is away. */
const old = async (key) => {
  const found = await (await caches.open(PAGES)).match(key);
  if (!found) return null;
  const since = (Date.now() - Date.parse(found.headers.get("Tidegrid-Kept-At"))) / 1000;
  const age = Math.round(Math.max(1, since) + Number(found.headers.get("Tidegrid-Data-Age") ?? 0));
  const headers = new Headers(found.headers);
  headers.set("Tidegrid-Data-Age", String(age));
  return new Response(found.body, { status: found.status, headers });
};

const keep = async (name, key, answer) => {
  if (!answer.ok) return;
  // All of it first: what is kept gives way only to what has come whole, wherever the network ends.
  const body = await answer.blob();
  const headers = new Headers(answer.headers);
  // The body is read already.
  headers.delete("Content-Encoding");
  headers.set("Tidegrid-Kept-At", new Date().toISOString());
  const cache = await caches.open(name);
  await cache.put(key, new Response(body, { status: answer.status, headers }));
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST[name])).map((one) => cache.delete(one)));
};
