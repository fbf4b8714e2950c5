// The buttons of a zone's sheet: copy, share, and what to do inside WeChat. Without this script the
// sheet is whole: its address and its link are texts to select.

// The browsers inside these two apps cannot hand a link over to another app.
const IN_APP = /MicroMessenger|\bQQ\//i;
const SAID_MS = 3000;

const copy = async (source) => {
  const words = source.textContent.trim();
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    // There is no clipboard without https; what is selected can be copied the old way, or by hand.
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
};

const sayer = (place) => {
  let timer = 0;
  return (words) => {
    place.textContent = words;
    clearTimeout(timer);
    timer = setTimeout(() => { place.textContent = ""; }, SAID_MS);
  };
};

const offer = (button, act) => {
  button.hidden = false;
  button.addEventListener("click", act);
};

/** Give the sheet its buttons; to be called once for each sheet that enters the page. */
export const enliven = (sheet) => {
  const place = sheet.querySelector(".said");
  const say = sayer(place);
  for (const button of sheet.querySelectorAll("button[data-copy]")) {
    const source = sheet.querySelector(`[data-text="${button.dataset.copy}"]`);
    offer(button, async () => say(await copy(source) ? place.dataset.done : place.dataset.failed));
  }
  const button = sheet.querySelector("[data-share]");
  if (navigator.share && button) {
    const title = sheet.querySelector("h2").textContent;
    const { href } = sheet.querySelector('[data-text="link"]');
    // Refused means that somebody changed their mind.
    offer(button, () => navigator.share({ title, url: href }).catch(() => {}));
  }
  if (IN_APP.test(navigator.userAgent)) {
    sheet.querySelector(".wechat").hidden = false;
    sheet.querySelector(".ways").hidden = true;
  }
};

document.querySelectorAll("article.sheet").forEach(enliven);
