// Only the lines of a log that hold a text, found by the server page by page.
const AHEAD = 60;
const PAUSE = 700;

export class Filtered {
  complete = false;
  #found = [];
  #after = -1;
  #busy = false;
  #timer = 0;

  constructor(lines, text, changed) {
    Object.assign(this, { lines, text, changed });
    this.#ask();
  }

  get total() {
    return this.#found.length;
  }

  at(index) {
    return this.#found[index];
  }

  // Where line `number` of the log stands here, or -1.
  indexOf(number) {
    return this.#found.findIndex((entry) => entry.number === number);
  }

  want(from, to) {
    if (!this.complete && to + AHEAD > this.total) this.#ask();
  }

  // The log has grown.
  news() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.complete = false;
      this.#ask();
    }, PAUSE);
  }

  stop() {
    clearTimeout(this.#timer);
    this.changed = () => {};
  }

  async #ask() {
    if (this.#busy || this.complete) return;
    this.#busy = true;
    try {
      this.#take(await this.lines.find(this.text, { texts: 1, after: this.#after }));
    } catch (error) {
      console.warn("Matches did not arrive; scrolling asks again.", error);
    }
    this.#busy = false;
    this.changed();
  }

  // The last line may not have ended: it is looked at again.
  #take({ lines, texts, total, more }) {
    lines.forEach((number, i) => {
      if (this.#found.at(-1)?.number === number) this.#found.pop();
      this.#found.push({ number, text: texts[i][1], style: "", at: texts[i][0] });
    });
    this.complete = !more;
    this.#after = more ? lines.at(-1) : Math.max(this.#after, total - 2);
  }
}
