// Where the reader is: asked for only when they press the button, kept nowhere.
import { word } from "./words.js";

const PATIENCE_MS = 15000;
// People walk round houses: streets are longer than the air by about so much.
const DETOUR = 1.3;
const WALK_M_PER_MIN = 75;

/** The reader's place as [lat, lon] in WGS 84; rejects with a text that says why not. */
export const askPlace = () => new Promise((resolve, reject) => {
  if (!navigator.geolocation) {
    reject(new Error(word("place_missing")));
    return;
  }
  const texts = { 1: "place_refused", 3: "place_slow" };
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => resolve([coords.latitude, coords.longitude]),
    ({ code }) => reject(new Error(word(texts[code] ?? "place_missing"))),
    { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 60000 },
  );
});

/** Metres between two [lat, lon]; on the sphere, half a percent off at most. */
export const distanceM = (one, other) => L.CRS.Earth.distance(L.latLng(one), L.latLng(other));

/** A distance in words, with the minutes on foot while that is a walk. */
export const distanceWords = (metres) => {
  const far = metres < 1000
    ? word("metres", { count: Math.max(10, Math.round(metres / 10) * 10) })
    : word("kilometres", { count: (metres / 1000).toFixed(metres < 10000 ? 1 : 0) });
  const minutes = Math.max(1, Math.round((metres * DETOUR) / WALK_M_PER_MIN));
  return minutes > 60 ? far : word("on_foot", { distance: far, count: minutes });
};
