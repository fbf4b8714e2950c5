// A place told in full: the server's own page of it, shown beside the map.
import { enliven } from "./sheet_actions.js";
import { askPage } from "./source.js";
import { word } from "./words.js";

export class Sheet {
  /** `onClose` is called when the reader has closed it. */
  constructor(dialog, onClose) {
    this.dialog = dialog;
    this.body = dialog.querySelector(".sheet-body");
    this.onClose = onClose;
    dialog.querySelector("[data-close]").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && dialog.open) this.close();
    });
  }

  /** Show the page of an address; `known` is shown where it cannot be had. */
  async open(path, known, onFilled) {
    const from = document.activeElement;
    if (!this.dialog.open) {
      this.from = from;
      this.dialog.show();
    }
    this.path = path;
    this.body.replaceChildren(known);
    this.body.setAttribute("aria-busy", "true");
    this.dialog.focus();
    this.dialog.scrollTop = 0;
    try {
      const article = (await askPage(path)).querySelector("article.sheet");
      // Another one may have been asked for meanwhile.
      if (this.path !== path) return;
      if (!article) throw new Error("no sheet");
      this.body.replaceChildren(document.adoptNode(article));
      enliven(article);
      onFilled(article);
    } catch {
      if (this.path === path) this.body.append(saidLine(word("sheet_missing")));
    } finally {
      if (this.path === path) this.body.removeAttribute("aria-busy");
    }
  }

  close() {
    this.dialog.close();
    this.path = null;
    this.body.replaceChildren();
    this.onClose();
    if (this.from?.isConnected) this.from.focus({ preventScroll: true });
  }
}

/** What the page knows of a place by itself, until its sheet has come. */
export const summary = (row) => {
  const box = document.createElement("article");
  box.className = "sheet";
  const name = document.createElement("h2");
  name.textContent = row.name.text;
  name.lang = row.name.lang;
  const lines = [[row.stateName, row.change], row.facts, [row.goods], [row.address]]
    .map((parts) => parts.filter(Boolean).join(" · "));
  box.append(name, ...lines.filter(Boolean).map((text) => {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  }));
  return box;
};

const saidLine = (text) => {
  const line = document.createElement("p");
  line.className = "note";
  line.setAttribute("role", "status");
  line.textContent = text;
  return line;
};
