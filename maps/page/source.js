// Where the data comes from: the server, or the page itself where it was written into a file.

/** Whatever kept an answer from coming: no network, an error, or something that is not ours. */
export class NoAnswer extends Error {}

/** The JSON of an address, read by `read`, which throws on what it cannot use. */
export const ask = async (path, read = (raw) => raw) => {
  const written = document.querySelector(`script[data-answer="${path.split("?")[0]}"]`);
  if (written) return { found: read(JSON.parse(written.textContent)), ageS: 0 };
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
