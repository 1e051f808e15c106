// The socket, and polling where sockets do not get through. Remembers how far it has come.
import { t } from "../words.js";

const PAUSES = [300, 1000, 2000, 4000, 8000];
const LATE = 16_000;
const SILENT = 25_000;
const GREETING = 8_000;
const POLL = 2_000;
const TRIES_BEFORE_POLLING = 3;
const TRY_SOCKET_AGAIN = 30_000;
const FINAL = { 4401: t("Signed out: reload to sign in"), 4404: t("This rollback is gone"), 4400: t("Reload the page") };

export class Stream extends EventTarget {
  seq = 0;
  offsets = {};
  #socket = null;
  #failures = 0;
  #greeted = false;
  #last = Date.now();
  #began = 0;
  #polling = false;
  #polled = false;
  #over = "";

  // `ready(hello)` may say where to resume: a promise of offsets by token.
  constructor({ socket, pulse, seq, ready }) {
    super();
    Object.assign(this, { address: socket, pulse, seq, ready });
    addEventListener("online", () => this.#now());
    setInterval(() => this.#watch(), 1000);
    this.#connect();
  }

  // { kind: live | silent | polling | behind | over, seconds, seq, text }
  get condition() {
    if (this.#over) return { kind: "over", text: this.#over };
    if (this.#greeted && this.#quiet > LATE) return { kind: "silent", seconds: this.#behind };
    if (this.#greeted) return { kind: "live", seq: this.seq };
    if (this.#polled) return { kind: "polling", seq: this.seq };
    return { kind: "behind", seconds: this.#behind };
  }

  // Ask for everything after `seq` and `offsets`.
  resume(offsets) {
    Object.assign(this.offsets, offsets);
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: "resume", seq: this.seq, offsets: this.offsets }));
  }

  get #quiet() {
    return Date.now() - this.#last;
  }

  get #behind() {
    return Math.round(this.#quiet / 1000);
  }

  #connect() {
    this.timer = 0;
    const socket = new WebSocket(new URL(this.address, location.href.replace(/^http/, "ws")));
    this.#socket = socket;
    this.#began = Date.now();
    socket.addEventListener("message", (message) => this.#take(JSON.parse(message.data)));
    socket.addEventListener("close", (event) => this.#closed(socket, event));
  }

  #closed(socket, { code }) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#failures = this.#greeted ? 0 : this.#failures + 1;
    this.#greeted = false;
    this.#over = FINAL[code] ?? "";
    if (!this.#over) this.#again();
    this.#said("condition");
  }

  #again() {
    if (this.#failures >= TRIES_BEFORE_POLLING && !this.#polling) this.#poll();
    const pause = this.#polling ? TRY_SOCKET_AGAIN : PAUSES[Math.min(this.#failures, PAUSES.length - 1)];
    this.timer ||= setTimeout(() => this.#connect(), pause * (0.75 + Math.random() / 2));
  }

  #now() {
    if (this.#over || this.#socket) return;
    clearTimeout(this.timer);
    this.#connect();
  }

  // A link that says nothing for longer than the server is ever silent is dead; one that never
  // said a word leads nowhere, as through some proxies, and is not tried again at once.
  #watch() {
    if (this.#socket && this.#greeted && this.#quiet > SILENT) this.#cut();
    if (this.#socket && !this.#greeted && Date.now() - this.#began > GREETING) {
      this.#failures = TRIES_BEFORE_POLLING;
      this.#cut();
    }
    this.#said("condition");
  }

  #cut() {
    const dead = this.#socket;
    this.#closed(dead, { code: 1006 });
    dead.close();
  }

  async #poll() {
    this.#polling = true;
    while (!this.#greeted && !this.#over) {
      const before = this.#polled;
      this.#polled = await this.#asked();
      // The server is back: perhaps its sockets are too.
      if (this.#polled && !before) this.#now();
      await new Promise((done) => setTimeout(done, POLL));
    }
    this.#polling = this.#polled = false;
  }

  #end(code) {
    this.#over = FINAL[code];
    this.#said("condition");
    return false;
  }

  async #asked() {
    try {
      const shown = await this.ready({ offsets: {} });
      const query = new URLSearchParams({ seq: this.seq, offsets: JSON.stringify(shown) });
      const answer = await fetch(`${this.pulse}?${query}`, { redirect: "manual" });
      if (answer.type === "opaqueredirect") return this.#end(4401);
      if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
      const { frames } = await answer.json();
      frames.filter(({ type }) => type !== "hello").forEach((frame) => this.#take(frame));
      this.#last = Date.now();
      return true;
    } catch (error) {
      console.warn("Polling failed; it goes on.", error);
      return false;
    }
  }

  #take(frame) {
    this.#last = Date.now();
    if (frame.type === "hello") this.#hello(frame);
    else if (frame.type === "event") this.#event(frame);
    else if (frame.type === "log") this.#log(frame);
    else if (frame.type === "presence") this.#said("presence", frame);
  }

  async #hello(hello) {
    this.#greeted = true;
    this.#failures = 0;
    this.offsets = hello.offsets;
    const socket = this.#socket;
    const shown = await this.ready(hello);
    if (socket === this.#socket) this.resume(shown);
    this.#said("condition");
  }

  // What does not adjoin comes again: a resume is under way.
  #event(event) {
    if (event.seq !== this.seq + 1) return;
    this.seq = event.seq;
    this.#said("fact", event);
  }

  #log(frame) {
    const here = this.offsets[frame.token] ?? 0;
    if (frame.offset <= here && frame.end > here) this.offsets[frame.token] = frame.end;
    this.#said("log", frame);
  }

  #said(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
