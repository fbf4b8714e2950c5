// Facilities as the map holds them: read from the columns of a kind, or from a vector tile.

/** The places of the answer of a kind; throws when it is not one. */
export const placesOf = (raw, kind) => {
  const { origin, code, lon, lat, name } = raw;
  if (lon.length !== code.length || name.length !== code.length) throw new TypeError("columns of different length");
  const latlng = (x, y) => L.latLng((origin[1] + y) / 1e5, (origin[0] + x) / 1e5);
  return code.map((one, k) => ({
    id: `${kind.slug}:${one}`,
    code: one,
    kind,
    latlng: latlng(lon[k], lat[k]),
    schedule: raw.schedule[k],
    ...conditionOf(raw.states[raw.state[k]]),
    name: { zh: name[k], en: raw.name_en[k] },
    address: raw.address[k],
    initials: raw.initials[k],
    capacity: raw.capacity[k],
    isBarrierFree: raw.barrier_free[k] === 1,
    gates: pairs(raw.gates[k]).map(([x, y]) => latlng(x, y)),
  }));
};

/** The places and bubbles of a tile: of kinds that come by tiles, and of no others. */
export const placesOfTile = ({ facilities = [], clusters = [] }, kinds) => {
  const byTiles = (slug) => kinds.get(slug)?.pieces === "tiles";
  const latlng = ({ geometry: { coordinates: [lon, lat] } }) => L.latLng(lat, lon);
  return {
    places: facilities.filter(({ properties }) => byTiles(properties.kind)).map((feature) => {
      const { id, kind, name, name_en: nameEn = "", schedule, state } = feature.properties;
      return {
        id,
        code: id.slice(kind.length + 1),
        kind: kinds.get(kind),
        latlng: latlng(feature),
        schedule,
        ...conditionOf(state),
        name: { zh: name, en: nameEn },
        address: "",
        initials: "",
        capacity: null,
        isBarrierFree: false,
        gates: [],
      };
    }),
    bubbles: clusters.map((feature) => ({
      latlng: latlng(feature),
      counts: Object.fromEntries(Object.entries(feature.properties).filter(([slug]) => byTiles(slug))),
    })),
  };
};

const conditionOf = (condition) => ({ condition, isFit: condition === "normal" });

const pairs = (numbers) => Array.from({ length: numbers.length / 2 }, (_, k) => [numbers[2 * k], numbers[2 * k + 1]]);
