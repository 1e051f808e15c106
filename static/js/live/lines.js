// The lines of one log: windows fetched from the server, and the live end of it.
// A line is { number, text, style, at, cut }: from 0, the style it begins in, milliseconds, whether
// there is more of it than a page shows.
import { carried, styled } from "./ansi.js";

const BLOCK = 200;
const BLOCKS = 80;
const TAIL = 400;
const LONGEST_TAIL = 20000;
const LONGEST_LINE = 65536;

export class Lines {
  total = 0;
  end = 0;
  #open = false;
  #tail = [];
  #blocks = new Map();
  #loading = new Set();

  constructor(address, changed) {
    this.address = address;
    this.changed = changed;
  }

  // Read the end of the log anew; live frames go on from `end`. False when it did not arrive.
  async load() {
    let window;
    try {
      window = await this.#fetch(`lines/?last=${TAIL}`);
    } catch (error) {
      console.warn("The log did not arrive.", error);
      return false;
    }
    this.#tail = entries(window);
    this.total = window.first + window.lines.length;
    this.end = window.end;
    this.#open = window.open;
    this.changed();
    return true;
  }

  // A live frame that starts where we are; false when it does not.
  append(frame) {
    if (frame.end <= this.end) return true;
    if (frame.offset !== this.end) return false;
    let [from, time] = [0, 0];
    for (let piece = 0; from < frame.text.length; piece++) {
      while (frame.times[time + 1]?.[0] <= piece) time++;
      const stop = frame.text.indexOf("\n", from);
      this.#add(frame.text.slice(from, stop < 0 ? undefined : stop), frame.times[time]?.[1]);
      this.#open = stop < 0;
      from = stop < 0 ? frame.text.length : stop + 1;
    }
    this.end = frame.end;
    if (this.#tail.length > LONGEST_TAIL) this.#tail.splice(0, LONGEST_TAIL / 2);
    this.changed();
    return true;
  }

  // Line `number` from 0; undefined while it is on its way.
  at(number) {
    const first = this.total - this.#tail.length;
    if (number >= first) return this.#tail[number - first];
    return this.#blocks.get(Math.floor(number / BLOCK))?.[number % BLOCK];
  }

  // See to it that lines [from, to) arrive.
  want(from, to) {
    const last = Math.min(to, this.total - this.#tail.length) - 1;
    for (let block = Math.floor(from / BLOCK); block <= Math.floor(last / BLOCK); block++) {
      if (!this.#has(block, last)) this.#block(block);
    }
  }

  // { lines: numbers from 0, more, total }, and with `more` given what else is asked.
  find(text, more = {}) {
    return this.#fetch(`matches/?${new URLSearchParams({ q: text, ...more })}`);
  }

  // { folds: hidden lines as [first, last], next, more }, from line `from` on.
  folds(from) {
    return this.#fetch(`folds/?from=${from}`);
  }

  #add(piece, at) {
    const last = this.#tail.at(-1);
    if (!this.#open || !last) {
      const style = last ? carried(last.text, last.style) : "";
      this.#tail.push({ number: this.total, text: piece, style, at });
      this.total += 1;
      return;
    }
    const text = last.text + piece;
    last.text = text.length > LONGEST_LINE ? text.slice(text.lastIndexOf("\r") + 1) : text;
  }

  #has(block, last) {
    const lines = this.#blocks.get(block);
    const wanted = Math.min(BLOCK, last + 1 - block * BLOCK);
    return this.#loading.has(block) || (lines && lines.length >= wanted);
  }

  async #block(block) {
    this.#loading.add(block);
    try {
      const window = await this.#fetch(`lines/?from=${block * BLOCK}&to=${(block + 1) * BLOCK}`);
      const lines = await this.#rest(window, (block + 1) * BLOCK);
      this.#blocks.delete(block);
      this.#blocks.set(block, lines);
      if (this.#blocks.size > BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value);
      this.changed();
    } catch (error) {
      console.warn("Lines did not arrive; scrolling asks again.", error);
    } finally {
      this.#loading.delete(block);
    }
  }

  // A window is cut short when its lines are very long: ask on.
  async #rest(window, to) {
    const lines = entries(window);
    const stop = Math.min(to, window.total);
    while (lines.length && window.first + lines.length < stop) {
      const next = await this.#fetch(`lines/?from=${window.first + lines.length}&to=${stop}`);
      if (!next.lines.length) break;
      lines.push(...entries(next));
    }
    return lines;
  }

  async #fetch(what) {
    const answer = await fetch(this.address + what, { redirect: "error" });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    return answer.json();
  }
}

function entries({ first, lines, times, pen, cut }) {
  let [style, time] = [styled(pen), 0];
  return lines.map((text, i) => {
    while (times[time + 1]?.[0] <= first + i) time++;
    const entry = { number: first + i, text, style, at: times[time]?.[1], cut: cut.includes(first + i) };
    style = carried(text, style);
    return entry;
  });
}
