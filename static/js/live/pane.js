// The log pane: only the rows in sight exist, however long the log is and however they wrap.
// A row of the view, the pin, is held at a distance from the top of the pane; the others lie around it.
import { Filtered } from "./filtered.js";
import { Repeats, Sections } from "./folded.js";
import { Lines } from "./lines.js";
import { Merged } from "./merged.js";
import { rowOf } from "./row.js";
import { t } from "../words.js";

const OVER = 20;
const AGAIN = 1000;
const PAPER = matchMedia("print");
// Browsers lose precision in elements much taller than this.
const TALLEST = 8_000_000;
// A scroll by more than so many panes is a jump to a place in the log.
const JUMP = 2;

export class Pane {
  token = "";
  marked = [0, -1];
  hits = new Set();
  #following = true;
  #folding = false;
  #anchor = 0;
  #pin = { row: 0, offset: 0 };
  #placed = false;
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

  // All `hosts` of a step by time; `address` gives their lines.
  merge(address, hosts) {
    Object.assign(this, { address, hosts });
    const merged = new Merged(address, {
      hosts,
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
    if (this.merged) this.merge(this.address, this.hosts);
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
    const { row, offset } = this.#pin;
    return this.view.at(offset < 0 ? row + 1 : row)?.number ?? this.view.at(row)?.number ?? 0;
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
    this.#place(this.view.rowOf?.(number) ?? number, (this.body.clientHeight - this.row) / 2);
  }

  #unfold(row) {
    if (!row) return;
    this.following = false;
    this.view.open(row.fold);
    this.body.focus({ preventScroll: true });
  }

  // What is folded has changed: the line at the top stays there.
  #relaid() {
    if (this.#following) this.draw();
    else this.#place(this.view.rowOf?.(this.#anchor) ?? this.#anchor, 0);
  }

  // Hold a row at so many pixels below the top of the pane.
  #place(row, offset) {
    this.#pin = { row, offset };
    this.#placed = true;
    this.draw();
  }

  #see(view) {
    this.view?.stop?.();
    this.view = view;
    this.element.classList.toggle("pane-merged", this.merged);
    this.element.dispatchEvent(new Event("view"));
    this.draw();
  }

  #shifted(lines) {
    if (!this.#following) this.#place(this.#pin.row + lines, this.#pin.offset);
  }

  draw() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      // On paper the body is as high as its rows: drawing would never end.
      if (this.view && !PAPER.matches) this.#draw();
    });
  }

  #draw() {
    const { total } = this.view;
    const seen = this.body.clientHeight;
    if (this.#following) this.#pin = { row: total - 1, offset: seen };
    const { row, offset } = this.#pin;
    const pinned = Math.max(Math.min(row, total - 1), 0);
    const first = Math.max(pinned - Math.ceil(Math.max(offset, 0) / this.row) - OVER, 0);
    const last = Math.min(pinned + Math.ceil((seen - Math.min(offset, 0)) / this.row) + OVER, total);
    this.view.want(first, last);
    this.#rows(first, last);
    this.#lay(first, last, pinned);
    this.#printed(first, last);
    const empty = this.element.querySelector("[data-empty]");
    if (empty) empty.hidden = total > 0;
  }

  // Bring the pin to its place, keep the ends of the log at the ends of the pane, and let the
  // scroll bar agree.
  #lay(first, last, pinned) {
    const { total } = this.view;
    const seen = this.body.clientHeight;
    const [edges, height] = this.#edges();
    let above = this.#following ? seen - height : this.#pin.offset - (edges[pinned - first] ?? 0);
    if (last === total) above = Math.max(above, seen - height);
    if (first === 0) above = Math.min(above, 0);
    this.#pinTop(first, edges, above);
    const each = last > first ? height / (last - first) : this.row;
    this.#scrollBar(Math.max(first * each - above, 0), Math.max((total - last) * each + above + height - seen, 0));
    this.list.style.transform = `translateY(${this.body.scrollTop + above}px)`;
  }

  // The tops of the rows and the height of them all.
  #edges() {
    const start = this.list.getBoundingClientRect().top;
    const boxes = [...this.list.children].map((row) => row.getBoundingClientRect());
    return [boxes.map(({ top }) => top - start), boxes.length ? boxes.at(-1).bottom - start : 0];
  }

  // From now on the first row in sight is the pin.
  #pinTop(first, edges, above) {
    const index = Math.max(edges.findLastIndex((top) => top + above <= 0), 0);
    this.#pin = { row: first + index, offset: (edges[index] ?? 0) + above };
    if (this.#beneath === this.lines) this.#anchor = this.view.placeOf?.(this.#pin.row) ?? this.#pin.row;
  }

  // So many pixels lie above and below what is in sight, as far as the rows drawn tell.
  #scrollBar(above, below) {
    const seen = this.body.clientHeight;
    const whole = above + seen + below;
    const scale = whole > TALLEST ? (TALLEST - seen) / (whole - seen) : 1;
    const wrong = !above || !below || (this.body.scrollTop <= 0 && scale === 1);
    const goal = this.#placed || this.#following || wrong ? Math.round(above * scale) : this.body.scrollTop;
    this.#placed = false;
    this.space.style.height = `${scale === 1 ? goal + seen + below : TALLEST}px`;
    if (Math.abs(this.body.scrollTop - goal) >= 1) this.body.scrollTop = goal;
    this.#top = this.body.scrollTop;
  }

  // Paper gets the lines in sight, and a word that there are more.
  #printed(first, last) {
    const [from, to] = [this.view.at(first)?.number, this.view.at(last - 1)?.number];
    const words = !this.view.total ? "" : this.merged || from === undefined || to === undefined
      ? t("What is in sight of this log.")
      : t("Lines {from} to {to} of {total}.", { from: (from + 1).toLocaleString("en"), to: (to + 1).toLocaleString("en"), total: this.lines.total.toLocaleString("en") });
    this.element.querySelector("[data-printed]").textContent = words && `${words} ${t("The download holds all of it.")}`;
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
    const by = this.body.scrollTop - this.#top;
    if (Math.abs(by) < 1) return;
    const bottom = this.body.scrollHeight - this.body.clientHeight;
    // The log became shorter: nobody scrolled.
    if (this.#top > bottom + 1) return this.draw();
    if (by < 0) this.following = false;
    this.#pin = Math.abs(by) > JUMP * this.body.clientHeight || this.body.scrollTop >= bottom - 1
      ? this.#pinAt(bottom > 0 ? this.body.scrollTop / bottom : 1)
      : { ...this.#pin, offset: this.#pin.offset - by };
    this.#top = this.body.scrollTop;
    if (this.body.scrollTop >= bottom - 2 && !this.#following) this.following = true;
    this.draw();
  }

  // What stands at a part of the log stands at the same part of the pane.
  #pinAt(part) {
    const place = part * this.view.total;
    const row = Math.floor(place);
    return { row, offset: part * this.body.clientHeight - (place - row) * this.row };
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
