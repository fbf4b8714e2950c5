// What stands on the map beside its content: a scale, and buttons that say what they do.
import { word } from "./words.js";

/** Put a scale on the map, and the words of the page's language on its buttons. */
export const furnish = (map) => {
  map.attributionControl?.setPrefix(false);
  L.control.scale({ imperial: false }).addTo(map);
  for (const [name, key] of [["in", "zoom_in"], ["out", "zoom_out"]]) {
    const button = map.getContainer().querySelector(`.leaflet-control-zoom-${name}`);
    button.title = word(key);
    button.setAttribute("aria-label", word(key));
  }
};
