// The logs of all hosts of one step as one, by time: the end first, more when scrolled to.
// A line also has its `host` and `token`.
const AHEAD = 60;
const PAUSE = 500;
const LONGEST = 20000;

export class Merged {
  #lines = [];
  #earlier = true;
  #busy = false;
  #timer = 0;

  // `shifted(n)`: n lines were put before those known.
  constructor(address, { changed, shifted }) {
    Object.assign(this, { address, changed, shifted });
    this.#run(async () => {
      const { lines, more } = await this.#fetch({});
      this.#lines = lines.map(entry);
      this.#earlier = more;
    });
  }

  get total() {
    return this.#lines.length;
  }

  at(index) {
    return this.#lines[index];
  }

  want(from) {
    if (from < AHEAD && this.#earlier && this.#lines.length) this.#run(() => this.#before());
  }

  news() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      if (this.#busy) this.news();
      else this.#run(() => this.#after());
    }, PAUSE);
  }

  stop() {
    clearTimeout(this.#timer);
    this.changed = this.shifted = () => {};
  }

  async #before() {
    const { lines, more } = await this.#fetch({ before: this.#lines[0].place });
    this.#lines.unshift(...lines.map(entry));
    this.#earlier = more && lines.length > 0;
    this.shifted(lines.length);
  }

  // The last line may not have ended: it is asked for again.
  async #after() {
    for (let more = true; more; ) {
      const known = this.#lines.at(-2);
      const answer = await this.#fetch(known ? { after: known.place } : {});
      this.#lines.splice(known ? -1 : 0, Infinity, ...answer.lines.map(entry));
      more = Boolean(known) && answer.more && answer.lines.length > 1;
    }
    if (this.#lines.length > LONGEST) {
      this.shifted(-this.#lines.splice(0, LONGEST / 2).length);
      this.#earlier = true;
    }
  }

  async #run(work) {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await work();
    } catch (error) {
      console.warn("Merged lines did not arrive; news or scrolling asks again.", error);
    }
    this.#busy = false;
    this.changed();
  }

  async #fetch(where) {
    const answer = await fetch(`${this.address}?${new URLSearchParams(where)}`, { redirect: "error" });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    return answer.json();
  }
}

function entry(line) {
  return { ...line, style: "" };
}
