// What can be seen without reading: title, tab icon, elapsed time, and a word for screen readers.
import { lasting } from "../times.js";
import { notify } from "./notify.js";

const NAMES = document.title.split("·").at(-1).trim();
const SIGNS = {
  running: ["#0a7ea3", "M10 6v20l16-10z"],
  waiting: ["#c07a00", "M16 2 30 16 16 30 2 16z"],
  verifying: ["#0a7ea3", "M4 4h24v24H4z"],
  succeeded: ["#2c8a57", "M16 2a14 14 0 1 0 .1 0z"],
  failed: ["#c4352c", "M3 3h26v26H3z"],
  aborting: ["#c4352c", "M10 2h12l8 8v12l-8 8H10l-8-8V10z"],
  aborted: ["#6d7876", "M10 2h12l8 8v12l-8 8H10l-8-8V10z"],
};

export class Signs {
  constructor(root) {
    this.root = root;
    this.number = root.dataset.socket.match(/\d+/)[0];
    this.said = this.#what();
    setInterval(() => this.tick(), 1000);
    this.show();
  }

  show() {
    const { state } = this.root.dataset;
    const asked = this.root.querySelector("[data-question]") ? "● " : "";
    const word = state[0].toUpperCase() + state.slice(1);
    document.title = `${asked}${word}: rollback ${this.number} · ${NAMES}`;
    const [color, path] = SIGNS[state] ?? SIGNS.aborted;
    const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="${color}" d="${path}"/></svg>`;
    document.querySelector("[data-favicon]").href = `data:image/svg+xml,${encodeURIComponent(icon)}`;
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
      seconds < Number(middle) ? `about ${lasting(Math.round(middle - seconds))} left`
      : seconds <= Number(late) ? `at most ${lasting(Math.round(late - seconds))} left, most likely`
      : "longer than nine in ten";
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
    return title ? title.textContent.replace(/\s+/g, " ").trim() : `The rollback is ${this.root.dataset.state}.`;
  }
}
