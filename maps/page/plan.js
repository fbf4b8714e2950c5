// The map of the plan's changes. Nothing of the plan is in the page: whoever has a token asks for it.
import { furnish } from "./furniture.js";
import { groundLayer } from "./ground.js";
import { ask } from "./source.js";
import { language, word } from "./words.js";

const HELD = "tidegrid-publish-token";
const MOVED_LEAST_M = 0.05;
const CHOSEN_ZOOM = 18;

const part = (id) => document.getElementById(id);
const map = window.map_plan;
const told = document.querySelector(".told");
const list = document.querySelector(".plan-list ol");
const shown = L.featureGroup().addTo(map);

class Refused extends Error {}

/** The JSON of a call that needs the token. */
const internal = async (path) => {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${sessionStorage.getItem(HELD)}` }, cache: "no-store" });
  if (answer.status === 401 || answer.status === 403) throw new Refused();
  if (answer.status === 404 || answer.status === 422) return null;
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
};

// --- what is drawn ----------------------------------------------------------------------------

const flipped = (numbers) => (typeof numbers[0] === "number" ? [numbers[1], numbers[0]] : numbers.map(flipped));

const outline = (shape, className) => (shape.type === "Point"
  ? L.circleMarker(flipped(shape.coordinates), { radius: 7, className, interactive: false })
  : L.polygon(flipped(shape.coordinates), { className, interactive: false }));

const polygonsOf = ({ type, coordinates }) => (type === "MultiPolygon" ? coordinates : type === "Polygon" ? [coordinates] : []);

/** Where old and new differ: the rings of both in one shape, filled where an odd number of them lie. */
const difference = (old, now) => {
  const rings = [old, now].filter(Boolean).flatMap(polygonsOf).flat();
  return rings.length ? L.polygon(flipped(rings), { className: "plan-difference", interactive: false, fillRule: "evenodd" }) : null;
};

const drawn = ({ old, new: now }) => {
  const same = JSON.stringify(old) === JSON.stringify(now);
  return L.featureGroup([
    same ? null : difference(old, now),
    old && !same ? outline(old, "plan-old") : null,
    now ? outline(now, "plan-new") : null,
  ].filter(Boolean)).addTo(shown);
};

const marked = ({ lon, lat }) => {
  if (lon === null) return null;
  const icon = L.divIcon({ className: "plan-mark", iconSize: [24, 22], iconAnchor: [12, 11], html: '<svg aria-hidden="true" viewBox="6 0 18 16"><path class="plan-finding" d="M15 2l7 12h-14z"/></svg>' });
  return L.marker([lat, lon], { icon, interactive: false, keyboard: false }).addTo(shown);
};

// --- what is said -----------------------------------------------------------------------------

const shownAs = (value) => (value === null || value === "" ? word("plan_nothing") : typeof value === "object" ? JSON.stringify(value) : String(value));

const number = (value) => value.toLocaleString(language === "en" ? "en" : "zh-CN", { maximumFractionDigits: value < 10 ? 1 : 0, signDisplay: "auto" });

const dated = (instant) => new Date(instant).toLocaleString(language === "en" ? "en-GB" : "zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });

const { kinds, columns } = JSON.parse(document.getElementById("names").textContent);

const calledOf = (feature) => {
  const [kind, ...code] = feature.split(":");
  return `${kind === "stall" ? word("plan_stall") : kinds[kind] ?? kind} ${code.join(":")}`;
};

const wordsOf = ({ fields, moved_m: moved, grown_m2: grown, edited_by: who, edited_at: when, publication, former }) => [
  former === null ? "" : word("plan_former", { code: former }),
  moved !== null && moved >= MOVED_LEAST_M ? word("plan_moved", { distance: number(moved) }) : "",
  grown !== null && Math.abs(grown) >= 1 ? word("plan_reshaped", { area: `${grown > 0 ? "+" : "−"}${number(Math.abs(grown))}` }) : "",
  ...fields.map(({ name, before, after }) => word(name === "name" ? "plan_renamed" : "plan_field", { name: columns[name] ?? name, before: shownAs(before), after: shownAs(after) })),
  who === null ? "" : word("plan_edited", { who, when: dated(when) }),
  publication === null ? "" : word("plan_waits", { number: publication }),
].filter(Boolean);

const entry = (heading, lines, layer) => {
  const button = document.createElement("button");
  button.type = "button";
  const name = document.createElement("b");
  name.textContent = heading;
  button.append(name, ...lines.map((line) => Object.assign(document.createElement("span"), { textContent: line })));
  button.addEventListener("click", () => choose(layer));
  const item = document.createElement("li");
  item.append(button);
  return item;
};

const choose = (layer) => {
  for (const one of document.querySelectorAll(".plan-chosen")) one.classList.remove("plan-chosen");
  if (layer === null) return;
  const bounds = layer.getBounds?.() ?? L.latLngBounds([layer.getLatLng()]);
  map.fitBounds(bounds, { maxZoom: CHOSEN_ZOOM, padding: [40, 40], animate: false });
  layer.eachLayer?.((one) => one.getElement()?.classList.add("plan-chosen"));
};

// --- what happens -----------------------------------------------------------------------------

const say = (key, values) => { told.textContent = word(key, values); };

const clear = () => {
  shown.clearLayers();
  list.replaceChildren();
};

// Whoever chooses quickly gets the answer to the last choice, whichever comes last; none without a token.
let choices = 0;

const choice = () => {
  choices += 1;
  const mine = choices;
  return () => mine === choices;
};

const show = async (generation, isWanted) => {
  const asked = generation ? `?generation=${encodeURIComponent(generation)}` : "";
  const [diff, { findings, internal: hidden }] = await Promise.all([internal(`/v1/plan/diff${asked}`), generation ? { findings: [], internal: 0 } : internal("/v1/plan/findings")]);
  if (!isWanted()) return;
  if (diff === null) {
    say("plan_missing");
    return;
  }
  const changes = diff.changes.map((one) => entry(
    `${word(`plan_${one.change}`)} ${calledOf(one.feature)} ${one.name}`, wordsOf(one), drawn(one)));
  const found = findings.map((one) => entry(
    word(`plan_${one.severity}`), language === "en" ? [one.text_en, one.hint_en] : [one.text_zh, one.hint_zh], marked(one)));
  list.replaceChildren(...changes, ...found);
  const counted = { count: diff.count, shown: changes.length, findings: found.length };
  say(changes.length < diff.count ? "plan_count_more" : "plan_count", counted);
  const untold = diff.internal + hidden;
  if (untold) told.textContent += word("plan_internal", { internal: number(untold) });
  if (shown.getLayers().length) map.fitBounds(shown.getBounds(), { maxZoom: CHOSEN_ZOOM, padding: [28, 28], animate: false });
};

const offer = async (chosen, isWanted) => {
  const { generations } = await internal("/v1/plan/generations");
  if (!isWanted()) return;
  const select = part("generation");
  select.replaceChildren(select.options[0], ...generations.map(({ number: n, published_at: at, note }) =>
    new Option(word("plan_generation", { number: n, date: dated(at), note }), n)));
  select.value = chosen;
};

const asked = () => new URLSearchParams(location.search).get("generation") ?? "";

const begin = async () => {
  const has = sessionStorage.getItem(HELD) !== null;
  part("entry").hidden = has;
  part("which").hidden = !has;
  const isWanted = choice();
  if (!has) return;
  clear();
  say("loading");
  try {
    await offer(asked(), isWanted);
    if (isWanted()) await show(asked(), isWanted);
  } catch (error) {
    if (!isWanted()) return;
    clear();
    if (error instanceof Refused) forget("plan_refused");
    else say("plan_trouble");
  }
};

const forget = (why) => {
  choice();
  sessionStorage.removeItem(HELD);
  part("generation").replaceChildren(part("generation").options[0]);
  clear();
  part("entry").hidden = false;
  part("which").hidden = true;
  say(why);
};

part("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(HELD, part("token").value.trim());
  part("token").value = "";
  begin();
});
part("forget").addEventListener("click", () => forget("plan_needs_token"));
part("generation").addEventListener("change", ({ target }) => {
  const address = new URL(location.href);
  if (target.value) address.searchParams.set("generation", target.value);
  else address.searchParams.delete("generation");
  history.replaceState(null, "", address);
  begin();
});
furnish(map);
ask("/maps/ground.json", groundLayer).then(({ found }) => found.addTo(map), () => {});
begin();
