// Where the data comes from: the server, or the page itself where it was written into a file.

/** Whether this page is a file of its own: there is nobody to ask. */
export const isAlone = document.documentElement.dataset.alone !== undefined;

/** Whatever kept an answer from coming: no network, an error, or something that is not ours. */
export class NoAnswer extends Error {}

/** The JSON of an address, read by `read`, which throws on what it cannot use. */
export const ask = async (path, read = (raw) => raw) => {
  const written = writtenFor("script", path);
  if (written) return { found: read(JSON.parse(written.textContent)), ageS: 0 };
  if (isAlone) throw new NoAnswer(path);
  try {
    const answer = await fetch(path);
    if (!answer.ok) throw new NoAnswer(`${answer.status}`);
    // Of the server when the database is away, of the service worker when the server is.
    const ageS = Number(answer.headers.get("Tidegrid-Data-Age") ?? 0);
    return { found: read(await answer.json()), ageS };
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer(String(error));
  }
};

/** The page of an address, as a document or as the part of this page that was written for it. */
export const askPage = async (path) => {
  const written = writtenFor("template", path);
  if (written) return written.content.cloneNode(true);
  if (isAlone) throw new NoAnswer(path);
  const answer = await fetch(path);
  if (!answer.ok) throw new NoAnswer(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

/** Codes of zones may hold any sign, so the paths are compared as people read them. */
const writtenFor = (name, path) => {
  if (!isAlone) return null;
  const wanted = decodeURIComponent(path.split("?")[0]);
  return [...document.querySelectorAll(`${name}[data-answer]`)].find(({ dataset }) => dataset.answer === wanted);
};
