// What can be seen without reading: title, tab icon, elapsed time, and a word for screen readers.
import { lasting } from "../times.js";
import { notify } from "./notify.js";
import { t } from "../words.js";

const NAMES = document.title.split("·").at(-1).trim();

export class Signs {
  constructor(root) {
    this.root = root;
    this.number = root.dataset.socket.match(/(\d+)\/$/)[1];
    this.said = this.#what();
    this.clock = setInterval(() => this.tick(), 1000);
    this.show();
  }

  // Nothing more is heard of the rollback: what goes on counting would seem to be known.
  stop() {
    clearInterval(this.clock);
  }

  show() {
    const { word, sign } = this.root.dataset;
    const asked = this.root.querySelector("[data-question]") ? "● " : "";
    document.title = `${asked}${word[0].toUpperCase()}${word.slice(1)}: ${t("rollback {number}", { number: this.number })} · ${NAMES}`;
    document.querySelector("[data-favicon]").href = sign;
    this.#announce();
    this.tick();
  }

  tick() {
    for (const time of this.root.querySelectorAll("[data-since]")) {
      const { since, until, late } = time.dataset;
      const seconds = Math.max(Math.round(((until ? Date.parse(until) : Date.now()) - Date.parse(since)) / 1000), 0);
      if (!since) continue;
      time.textContent = lasting(seconds);
      time.classList.toggle("late", Boolean(late) && seconds > Number(late));
      this.#left(time, seconds);
    }
  }

  // What history says of the time that is left.
  #left(time, seconds) {
    const { middle, late } = time.dataset;
    const element = this.root.querySelector("[data-left]");
    if (!middle || !element) return;
    const words =
      seconds < Number(middle) ? t("about {time} left", { time: lasting(Math.round(middle - seconds)) })
      : seconds <= Number(late) ? t("probably less than {time} left", { time: lasting(Math.round(late - seconds)) })
      : t("slower than 90% of earlier runs");
    if (element.textContent !== words) element.textContent = words;
    element.classList.toggle("late", seconds > Number(late));
  }

  // Only what a person must know: a question, or the end.
  #announce() {
    const what = this.#what();
    if (what === this.said) return;
    this.said = what;
    this.root.querySelector("[data-announce]").textContent = what;
    if (this.root.querySelector("[data-question]")) notify(this.number, what);
  }

  #what() {
    const title = this.root.querySelector("#question-title");
    return title ? title.textContent.replace(/\s+/g, " ").trim() : t("Rollback {state}.", { state: this.root.dataset.word });
  }
}
