// The logs of all hosts of one step as one, by time: the end first, more when scrolled to.
// A line also has its `host` and `token`.
const AHEAD = 60;
const PAUSE = 500;
const LONGEST = 20000;
// Characters of a host's name that the pane has room for.
const WIDTH = 13;

export class Merged {
  #lines = [];
  #names;
  #earlier = true;
  #busy = false;
  #timer = 0;

  // `shifted(n)`: n lines were put before those known. `hosts`: all whose lines may come.
  constructor(address, { hosts, changed, shifted }) {
    Object.assign(this, { address, changed, shifted });
    this.#names = shortNames([...new Set(hosts)]);
    this.#run(async () => {
      const { lines, more } = await this.#fetch({});
      this.#lines = this.#entries(lines);
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
    this.#lines.unshift(...this.#entries(lines));
    this.#earlier = more && lines.length > 0;
    this.shifted(lines.length);
  }

  // The last line may not have ended: it is asked for again.
  async #after() {
    for (let more = true; more; ) {
      const known = this.#lines.at(-2);
      const answer = await this.#fetch(known ? { after: known.place } : {});
      this.#lines.splice(known ? -1 : 0, Infinity, ...this.#entries(answer.lines));
      more = Boolean(known) && answer.more && answer.lines.length > 1;
    }
    if (this.#lines.length > LONGEST) {
      this.shifted(-this.#lines.splice(0, LONGEST / 2).length);
      this.#earlier = true;
    }
  }

  #entries(lines) {
    return lines.map((line) => ({ ...line, style: "", shortHost: this.#names.get(line.host) }));
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

// What tells names apart: without the domain they share, and where that is still long without
// the parts that all of them begin with.
export function shortNames(names) {
  const withoutDomain = apart(names, /(?=\.)/, (parts, count) => parts.at(-1 - count), (parts, count) => parts.slice(0, parts.length - count));
  const long = withoutDomain.some((name) => name.length > WIDTH);
  const short = long ? apart(withoutDomain, /(?<=-)/, (parts, count) => parts[count], (parts, count) => parts.slice(count)) : withoutDomain;
  return new Map(names.map((name, i) => [name, short[i]]));
}

// Each name without the parts that `part` finds to be the same in all; at least one part stays.
function apart(names, border, part, without) {
  const parts = names.map((name) => name.split(border));
  let count = 0;
  while (names.length > 1 && parts.every((each) => count < each.length - 1 && part(each, count) === part(parts[0], count))) count++;
  return parts.map((each) => without(each, count).join(""));
}
