// A view of another view in which long stretches are one line each, until somebody opens it.
// A fold is { first, last, key }: the hidden lines by their place in the view beneath.
const PAUSE = 700;
const SHORTEST = 12;

class Folded {
  #opened = new Set();
  #wanted = [];
  #folds = [];
  #rows = [];
  #hidden = 0;

  constructor(base, changed) {
    Object.assign(this, { base, changed });
  }

  get total() {
    return this.base.total - this.#hidden;
  }

  // Line or fold at a row.
  at(row) {
    const at = this.#before(row);
    const fold = this.#folds[at];
    if (fold && this.#rows[at] === row) return { fold, number: fold.first };
    return this.base.at(this.placeOf(row));
  }

  // Where the line of a row stands in the view beneath.
  placeOf(row) {
    const at = this.#before(row);
    const fold = this.#folds[at];
    return fold ? fold.first + row - this.#rows[at] + (row > this.#rows[at] ? fold.last - fold.first : 0) : row;
  }

  // The row of a line, which may be within a fold.
  rowOf(place) {
    const at = last(this.#folds, (fold) => fold.first <= place);
    const fold = this.#folds[at];
    if (!fold) return place;
    return place <= fold.last ? this.#rows[at] : this.#rows[at] + place - fold.last;
  }

  open(fold) {
    this.#opened.add(fold.key);
    this.lay(this.#folds);
  }

  // Whatever hides one of these lines is open, also what is yet to be found.
  show(from, to) {
    this.#wanted.push([from, to]);
    this.lay(this.#folds);
  }

  // Rows that stand for adjoining lines are asked for together.
  want(from, to) {
    let start = this.placeOf(from);
    for (let row = from; row < to; row++) {
      const [place, next] = [this.placeOf(row), this.placeOf(row + 1)];
      if (row + 1 < to && next === place + 1) continue;
      this.base.want(start, place + 1);
      start = next;
    }
  }

  lay(folds) {
    this.#folds = folds.filter((fold) => !this.#opened.has(fold.key) && !this.#shows(fold));
    this.#hidden = 0;
    this.#rows = this.#folds.map((fold) => {
      const row = fold.first - this.#hidden;
      this.#hidden += fold.last - fold.first;
      return row;
    });
    this.changed();
  }

  stop() {
    this.changed = () => {};
  }

  #shows(fold) {
    return this.#wanted.some(([from, to]) => fold.first <= to && fold.last >= from);
  }

  #before(row) {
    return last(this.#rows, (each) => each <= row);
  }
}

// Runs of lines that differ only in their numbers, found by the server over the whole log.
export class Repeats extends Folded {
  #found = [];
  #next = 0;
  #busy = false;
  #timer = 0;

  constructor(lines, changed) {
    super(lines, changed);
    this.#ask();
  }

  // The log has grown.
  news() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#ask();
    }, PAUSE);
  }

  stop() {
    clearTimeout(this.#timer);
    super.stop();
  }

  async #ask() {
    if (this.#busy) return this.news();
    this.#busy = true;
    try {
      // A run may go on from what was looked at before.
      let [from, more] = [Math.max(this.#next - SHORTEST, 0), true];
      while (more) {
        const answer = await this.base.folds(from);
        answer.folds.forEach((fold) => this.#add(...fold));
        ({ next: from, more } = answer);
      }
      this.#next = from;
    } catch (error) {
      console.warn("Repeated lines were not found; news asks again.", error);
    }
    this.#busy = false;
    this.lay(this.#found);
  }

  #add(first, end) {
    const before = this.#found.at(-1);
    if (before && first <= before.last + 1) before.last = Math.max(before.last, end);
    else this.#found.push({ first, last: end, key: first });
  }
}

// In the logs of several hosts as one: what one host says for long on end.
export class Sections extends Folded {
  constructor(merged, changed) {
    super(merged, changed);
    this.again();
  }

  // The lines beneath have changed.
  again() {
    const folds = [];
    for (let first = 0, next; first < this.base.total; first = next) {
      for (next = first + 1; this.base.at(next)?.token === this.base.at(first).token; ) next++;
      if (next - first < SHORTEST) continue;
      folds.push({ first: first + 1, last: next - 2, key: this.base.at(first + 1).place });
    }
    this.lay(folds);
  }

  // How many rows more there are once lines were put before.
  shifted() {
    const before = this.total;
    this.again();
    return this.total - before;
  }

  news() {
    this.base.news();
  }

  stop() {
    this.base.stop();
    super.stop();
  }
}

// The last index of a sorted list that fits, or -1.
function last(list, fits) {
  let [low, high] = [-1, list.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(list[middle])) low = middle;
    else high = middle - 1;
  }
  return low;
}
