// The log pane: only the rows in sight exist, however long the log is.
import { Filtered } from "./filtered.js";
import { Repeats, Sections } from "./folded.js";
import { Lines } from "./lines.js";
import { Merged } from "./merged.js";
import { rowOf } from "./row.js";

const OVER = 20;
const AGAIN = 1000;
const PAPER = matchMedia("print");
// Browsers lose precision in elements much taller than this.
const TALLEST = 8_000_000;

export class Pane {
  token = "";
  marked = [0, -1];
  hits = new Set();
  #following = true;
  #folding = false;
  #anchor = 0;
  #top = 0;
  #drawing = 0;
  #early = [];
  #ready = false;

  constructor(element, { apart }) {
    this.element = element;
    this.apart = apart;
    this.body = element.querySelector("[data-body]");
    this.list = element.querySelector(".log-lines");
    this.row = this.#measure();
    this.space = document.createElement("div");
    this.space.className = "log-space";
    this.list.replaceWith(this.space);
    this.space.append(this.list);
    element.classList.add("pane-live");
    this.body.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.list.addEventListener("click", ({ target }) => this.#unfold(target.closest(".fold")));
    new ResizeObserver(() => this.draw()).observe(this.body);
  }

  get end() {
    return this.#ready ? this.lines.end : null;
  }

  // Show another run's log, from its end unless a line is named.
  async show(token) {
    this.token = token;
    this.#ready = false;
    this.#early = [];
    this.hits = new Set();
    this.marked = [0, -1];
    this.lines = new Lines(`${this.element.dataset.runs}${token}/`, () => this.draw());
    this.list.replaceChildren();
    this.plain();
    await this.reload();
  }

  // Only lines that hold the text; "" for all.
  filter(text) {
    if (text) this.#see(new Filtered(this.lines, text, () => this.draw()));
    else this.plain();
  }

  // All hosts of a step by time; `address` gives their lines.
  merge(address) {
    this.address = address;
    const merged = new Merged(address, {
      changed: () => (this.view instanceof Sections ? this.view.again() : this.draw()),
      shifted: (lines) => this.#shifted(this.view instanceof Sections ? this.view.shifted() : lines),
    });
    this.#see(this.#folding ? new Sections(merged, () => this.draw()) : merged);
    this.following = true;
  }

  // Every line of the one log that is shown.
  plain() {
    this.#see(this.#folding ? new Repeats(this.lines, () => this.#relaid()) : this.lines);
    this.#relaid();
  }

  get filtered() {
    return this.view instanceof Filtered;
  }

  get merged() {
    return this.#beneath instanceof Merged;
  }

  get folding() {
    return this.#folding;
  }

  // Long stretches that say little as one line each.
  set folding(on) {
    this.#folding = on;
    if (this.merged) this.merge(this.address);
    else if (!this.filtered) this.plain();
    else this.element.dispatchEvent(new Event("view"));
  }

  get #beneath() {
    return this.view?.base ?? this.view;
  }

  // Logs have grown, perhaps others than the shown one.
  news() {
    if (this.merged) this.view.news();
  }

  // After a long absence: the end anew instead of everything missed.
  async reload() {
    const { lines, token } = this;
    this.#ready = false;
    while (!(await lines.load())) {
      await new Promise((done) => setTimeout(done, AGAIN));
      if (token !== this.token) return;
    }
    if (token !== this.token) return;
    this.#ready = true;
    this.#early.splice(0).forEach((frame) => this.take(frame));
    this.draw();
  }

  take(frame) {
    if (frame.token !== this.token) return;
    if (!this.#ready) this.#early.push(frame);
    else if (!this.lines.append(frame)) this.apart();
    else if (!this.merged) this.view.news?.();
  }

  // The number of the first line in sight, from 0.
  get topLine() {
    const index = Math.ceil(this.#toLines(this.body.scrollTop) / this.row);
    return this.view.at(index)?.number ?? 0;
  }

  get following() {
    return this.#following;
  }

  set following(on) {
    this.#following = on;
    this.element.dispatchEvent(new CustomEvent("following", { detail: on }));
    if (on) this.draw();
  }

  // Bring line `number` (from 0) into the middle; lines up to `to` are not folded either.
  reveal(number, to = number) {
    this.following = false;
    if (this.#beneath !== this.lines) this.plain();
    this.view.show?.(number, to);
    const row = this.view.rowOf?.(number) ?? number;
    this.#scrollTo((row + 0.5) * this.row - this.body.clientHeight / 2);
    this.draw();
  }

  #unfold(row) {
    if (!row) return;
    this.following = false;
    this.view.open(row.fold);
    this.body.focus({ preventScroll: true });
  }

  // What is folded has changed: the line at the top stays there.
  #relaid() {
    if (!this.#following) this.#scrollTo((this.view.rowOf?.(this.#anchor) ?? this.#anchor) * this.row);
    this.draw();
  }

  #scrollTo(pixels) {
    this.#space();
    this.body.scrollTop = this.#fromLines(pixels);
    this.#anchored();
  }

  #anchored() {
    const row = Math.floor(this.#toLines(this.body.scrollTop) / this.row);
    if (this.#beneath === this.lines) this.#anchor = this.view.placeOf?.(row) ?? row;
  }

  #see(view) {
    this.view?.stop?.();
    this.view = view;
    this.element.classList.toggle("pane-merged", this.merged);
    this.element.dispatchEvent(new Event("view"));
    this.draw();
  }

  #shifted(lines) {
    this.#space();
    if (!this.#following) this.body.scrollTop += lines * this.row;
    this.#top = this.body.scrollTop;
  }

  draw() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      // On paper the body is as high as its rows: drawing would never end.
      if (this.view && !PAPER.matches) this.#draw();
    });
  }

  #draw() {
    this.#space();
    if (this.#following) this.body.scrollTop = this.body.scrollHeight;
    this.#top = this.body.scrollTop;
    this.#anchored();
    const above = this.#toLines(this.#top);
    const first = Math.max(Math.floor(above / this.row) - OVER, 0);
    const last = Math.min(first + Math.ceil(this.body.clientHeight / this.row) + 2 * OVER, this.view.total);
    this.view.want(first, last);
    this.list.style.transform = `translateY(${this.#top - above + first * this.row}px)`;
    this.#rows(first, last);
    this.#printed(first, last);
    const empty = this.element.querySelector("[data-empty]");
    if (empty) empty.hidden = this.view.total > 0;
  }

  // Paper gets the lines in sight, and a word that there are more.
  #printed(first, last) {
    const [from, to] = [this.view.at(first)?.number, this.view.at(last - 1)?.number];
    const words = !this.view.total ? "" : this.merged || from === undefined || to === undefined
      ? "What is in sight of this log."
      : `Lines ${(from + 1).toLocaleString("en")} to ${(to + 1).toLocaleString("en")} of ${this.lines.total.toLocaleString("en")}.`;
    this.element.querySelector("[data-printed]").textContent = words && `${words} The download holds all of it.`;
  }

  #space() {
    this.space.style.height = `${Math.min(this.view.total * this.row, TALLEST)}px`;
  }

  // Past TALLEST a pixel of the scroll bar stands for several of the log.
  #ratio() {
    const seen = this.body.clientHeight;
    const whole = this.view.total * this.row;
    return whole > TALLEST ? (whole - seen) / (TALLEST - seen) : 1;
  }

  #toLines(scrolled) {
    return scrolled * this.#ratio();
  }

  #fromLines(pixels) {
    return pixels / this.#ratio();
  }

  #rows(first, last) {
    const kept = new Map([...this.list.children].map((row) => [row.dataset.key, row]));
    const rows = [];
    for (let index = first; index < last; index++) {
      const line = this.view.at(index) ?? { number: this.view.placeOf?.(index) ?? index };
      const token = line.token ?? this.token;
      const key = keyOf(line, token);
      rows.push(this.#dressed(kept.get(key) ?? rowOf(line, token, key), line));
    }
    const same = rows.length === this.list.children.length && rows.every((row, i) => row === this.list.children[i]);
    if (!same) this.list.replaceChildren(...rows);
    if (rows.length) this.list.start = (this.view.at(first)?.number ?? first) + 1;
  }

  #dressed(row, { number, token, fold }) {
    if (fold) return row;
    row.classList.toggle("marked", !token && number >= this.marked[0] && number <= this.marked[1]);
    row.classList.toggle("hit", !token && this.hits.has(number));
    return row;
  }

  #scrolled() {
    const bottom = this.body.scrollHeight - this.body.clientHeight;
    if (this.body.scrollTop < this.#top - 1 && this.#following && this.#top <= bottom + 1) {
      this.following = false;
    } else if (this.body.scrollTop >= bottom - 2 && !this.#following) this.following = true;
    this.draw();
  }

  #measure() {
    const probe = document.createElement("li");
    probe.textContent = "0";
    this.list.append(probe);
    const height = probe.getBoundingClientRect().height;
    probe.remove();
    return height || 18;
  }
}

function keyOf({ fold, number, style = "", text = "…" }, token) {
  return fold ? `fold ${fold.key} ${fold.last - fold.first}` : `${token} ${number} ${style} ${text}`;
}
