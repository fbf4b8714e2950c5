// Ties the zones that Folium drew to the list beside the map. Every text is already in the list:
// a popup is a copy of its nodes, so nothing that came from data is read as HTML here.
"use strict";
{
  const frame = document.getElementById("map");
  const map = window[frame.querySelector(".folium-map").id];
  const places = new Map();

  const popupOf = (number) => {
    const entry = document.getElementById(`zone-${number}`);
    const button = entry.querySelector("button");
    const box = document.createElement("article");
    const name = document.createElement("h3");
    name.textContent = button.textContent;
    name.lang = button.lang;
    box.append(name, entry.querySelector(".facts").cloneNode(true));
    return box;
  };

  const pointOut = (number) => {
    document.querySelector(".entry.is-current")?.classList.remove("is-current");
    const entry = document.getElementById(`zone-${number}`);
    entry.classList.add("is-current");
    entry.closest("details").open = true;
    // Beside the map the list scrolls on its own; below it, scrolling would take the map away.
    const list = entry.closest(".list");
    if (list.scrollHeight > list.clientHeight) entry.scrollIntoView({ block: "nearest" });
  };

  const adopt = (shape, group) => {
    const { zone, label } = shape.feature.properties;
    // The pane between areas and markers, so that no name covers a mark. The label is escaped.
    if (label) shape.bindTooltip(label, { permanent: true, direction: "center", className: "area-label", pane: "shadowPane" });
    if (zone === undefined) return;
    const height = Math.max(140, map.getSize().y - 90);
    shape.bindPopup(() => popupOf(zone), { maxWidth: 280, minWidth: 200, maxHeight: height });
    shape.on("popupopen", () => pointOut(zone));
    if (shape instanceof L.Polygon) places.set(zone, { shape, group });
    // Numbers run from open to closed: what is open lies on top.
    else shape.setZIndexOffset(-1000 * zone);
  };

  const show = (number) => {
    const { shape, group } = places.get(number);
    map.addLayer(group);
    map.fitBounds(shape.getBounds(), { maxZoom: 18, animate: false });
    shape.openPopup();
  };

  const say = (selector, words) => {
    for (const element of frame.querySelectorAll(selector)) {
      element.title = words;
      element.setAttribute("aria-label", words);
    }
  };

  map.attributionControl?.setPrefix(false);
  L.control.scale({ imperial: false }).addTo(map);
  map.eachLayer((group) => {
    if (group instanceof L.GeoJSON) group.eachLayer((shape) => adopt(shape, group));
  });
  for (const button of document.querySelectorAll("button[data-zone]")) {
    button.addEventListener("click", () => show(Number(button.dataset.zone)));
  }
  // A zone's own page leads back to it here.
  const wanted = new URLSearchParams(location.search).get("zone");
  const chosen = [...document.querySelectorAll("button[data-code]")].find((one) => one.dataset.code === wanted);
  if (chosen) show(Number(chosen.dataset.zone));
  // Leaflet hears Escape only while the map has the focus; here it stays in the list.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") map.closePopup();
  });
  say(".leaflet-control-zoom-in", frame.dataset.zoomIn);
  say(".leaflet-control-zoom-out", frame.dataset.zoomOut);
  say(".leaflet-control-layers-toggle", frame.dataset.layers);
  map.on("popupopen", () => say(".leaflet-popup-close-button", frame.dataset.close));
}
