// What the page shows, written into its address: a link shows others the same view.

/** The view of the present address; `changes` to it replace the address, never the history. */
export const readAddress = () => {
  const query = new URLSearchParams(location.search);
  const [zoom, lat, lng] = (query.get("map") ?? "").split("/").map(Number);
  return {
    at: Date.parse(query.get("at") ?? ""),
    kinds: new Set(query.getAll("kind")),
    goods: query.get("goods") ?? "",
    words: query.get("q") ?? "",
    sort: query.get("sort") ?? "",
    place: query.get("zone") ?? query.get("place"),
    isBarrierFree: query.get("barrier_free") === "1",
    map: [zoom, lat, lng].every(Number.isFinite) && query.get("map") ? { zoom, center: [lat, lng] } : null,
  };
};

/** Put parameters into the address; those that are empty or null are left out of it. */
export const writeAddress = (parameters) => {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(parameters)) {
    query.delete(name);
    for (const one of [value].flat()) if (one !== null && one !== "") query.append(name, one);
  }
  // A colon and a slash are allowed there and easier to read.
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  try {
    history.replaceState(null, "", text ? `?${text}` : location.pathname);
  } catch {
    // Some browsers do not let the address of a file be changed.
  }
};

/** The other language's link leads to the same view. */
export const followLanguage = () => {
  const link = document.querySelector("a.language");
  link?.addEventListener("click", () => {
    const query = new URLSearchParams(location.search);
    query.set("lang", link.hreflang);
    link.href = `?${query}`;
  });
};
