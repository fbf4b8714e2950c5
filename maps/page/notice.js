// One line that says what is the matter, and offers to try again.
import { word } from "./words.js";

export class Notice {
  #tried = null;

  constructor(place) {
    this.place = place;
    this.text = place.querySelector("span");
    this.button = place.querySelector("button");
    this.button.textContent = word("try_again");
    this.button.addEventListener("click", () => this.#tried?.());
  }

  /** Say a text; with `again` a button offers to try it once more. */
  say(text, again = null) {
    this.#tried = again;
    this.text.textContent = text;
    this.button.hidden = again === null;
    this.place.hidden = text === "";
  }
}
