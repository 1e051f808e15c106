// The live page: the stream says that something happened, the server draws it, the pane follows.
import { answerInPlace } from "./answers.js";
import { findIn } from "./finder.js";
import { offer } from "./notify.js";
import { Pane } from "./pane.js";
import { Parts } from "./parts.js";
import { Signs } from "./signs.js";
import { Stream } from "./stream.js";
import { toolsOf } from "./tools.js";
import { t } from "../words.js";

const FAR = 1024 * 1024;

const root = document.querySelector("[data-live]");
const log = root.querySelector("[data-log]");
const signs = new Signs(root);
offer(root.querySelector("[data-notify]"));
const pane = new Pane(log, { apart });
const clearSearch = findIn(pane, log.querySelector("[data-finder]"));
toolsOf(root, pane, choose);
const parts = new Parts(root, () => `${root.dataset.page}?${new URLSearchParams({ parts: 1, run: chosen, timeline: root.dataset.timeline })}`);
answerInPlace(root, () => parts.refresh());
const small = matchMedia("(max-width: 760px)");
const folded = new Set();
let chosen = log.dataset.chosen;
let asking = 0;
let showing = log.dataset.token ? pane.show(log.dataset.token) : Promise.resolve();

const stream = new Stream({
  socket: root.dataset.socket,
  pulse: root.dataset.pulse,
  seq: Number(root.dataset.seq),
  ready: whereToResume,
});
stream.addEventListener("fact", () => {
  parts.refresh();
  pane.news();
});
stream.addEventListener("log", ({ detail }) => {
  pane.take(detail);
  pane.news();
});
stream.addEventListener("presence", ({ detail }) => watching(detail));
stream.addEventListener("condition", () => connection(stream.condition));
parts.addEventListener("swapped", swapped);

// A gap in the shown log: ask again, once for all frames that come meanwhile.
function apart() {
  asking ||= setTimeout(() => {
    asking = 0;
    if (pane.end !== null) stream.resume({ [pane.token]: pane.end });
  }, 250);
}

// Of the shown log everything missed, unless that is far; of the others nothing.
async function whereToResume(hello) {
  await showing;
  if (!pane.token) return {};
  const far = (hello.offsets[pane.token] ?? 0) - (pane.end ?? 0) > FAR;
  if (far || pane.end === null) await pane.reload();
  return { [pane.token]: pane.end };
}

function swapped() {
  signs.show();
  foldFinished();
  watchQuestion();
  failure.hidden = !failures().length;
  const current = root.querySelector(".cell[aria-current]");
  if (current && current.dataset.run !== pane.token) show(current.dataset.run);
}

// A small screen has no room for steps that are over; each is folded once.
function foldFinished() {
  for (const step of root.querySelectorAll("details.finished")) {
    if (small.matches && !folded.has(step.id)) step.open = false;
    folded.add(step.id);
  }
}

// The bar says what is asked while the question itself is out of sight.
const sight = new IntersectionObserver(([entry]) => {
  root.querySelector("[data-asked]").hidden = entry.isIntersecting;
}, { rootMargin: "-64px 0px 0px 0px" });
function watchQuestion() {
  sight.disconnect();
  const title = root.querySelector("#question-title");
  if (title) sight.observe(title);
  else root.querySelector("[data-asked]").hidden = true;
}
foldFinished();
watchQuestion();

function show(token) {
  clearSearch();
  showing = pane.show(token).then(() => {
    if (token === pane.token) stream.resume({ [token]: pane.end });
  });
  for (const cell of root.querySelectorAll(".cell")) {
    if (cell.dataset.run === token) cell.setAttribute("aria-current", "true");
    else cell.removeAttribute("aria-current");
  }
  describe(token);
}

function choose(token) {
  chosen = token;
  history.replaceState(null, "", `?run=${token}#log`);
  if (token !== pane.token) show(token);
}

function describe(token) {
  const cell = root.querySelector(`.cell[data-run="${token}"]`);
  const step = cell?.closest(".station").dataset.number;
  log.querySelector("[data-log-title]").textContent = cell
    ? t("of step {step} on {host}", { step, host: cell.querySelector(".cell-host").textContent.trim() })
    : "";
  const download = log.querySelector("[data-download]");
  download.href = `${log.dataset.runs}${token}/log`;
  download.hidden = false;
}

root.addEventListener("click", (event) => {
  const link = event.target.closest("[data-run]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(link.dataset.run);
  log.scrollIntoView({ block: "nearest" });
});

// Line links: #L10 or #L10-L25.
function markFromAddress() {
  const [, from, to] = location.hash.match(/^#L(\d+)(?:-L?(\d+))?$/) ?? [];
  if (!from) return;
  pane.marked = [Number(from) - 1, Number(to ?? from) - 1].sort((a, b) => a - b);
  pane.reveal(...pane.marked);
}

pane.list.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault();
  const line = Number(link.dataset.line) + 1;
  if (pane.merged || pane.filtered) return void inContext(link.dataset.of, line);
  const [from, to] = event.shiftKey && pane.marked[1] >= 0 ? [pane.marked[0] + 1, line].sort((a, b) => a - b) : [line, line];
  chosen = pane.token;
  history.replaceState(null, "", `?run=${pane.token}#L${from}${to > from ? `-L${to}` : ""}`);
  pane.marked = [from - 1, to - 1];
  pane.draw();
});
// From a merged or filtered view to the line among its neighbours.
function inContext(token, line) {
  choose(token);
  pane.plain();
  history.replaceState(null, "", `?run=${token}#L${line}`);
  showing.then(markFromAddress);
}
addEventListener("hashchange", markFromAddress);
showing.then(markFromAddress);

const follow = log.querySelector("[data-follow]");
follow.hidden = false;
follow.addEventListener("click", () => (pane.following = !pane.following));
log.addEventListener("following", ({ detail }) => follow.setAttribute("aria-pressed", detail));

const failure = log.querySelector("[data-failure]");
const failures = () => [...root.querySelectorAll(".cell[data-bad]")];
failure.hidden = !failures().length;
failure.addEventListener("click", () => {
  const bad = failures();
  const next = bad[(bad.findIndex((cell) => cell.dataset.run === pane.token) + 1) % bad.length];
  if (next) choose(next.dataset.run);
});

function connection(condition) {
  const chip = root.querySelector("[data-connection]");
  if (condition.seq) chip.title = t("Event {seq}", { seq: condition.seq.toLocaleString("en") });
  const words = {
    live: t("Live"),
    silent: t("No update for {seconds} s", condition),
    polling: t("Updating every few seconds"),
    behind: t("Reconnecting, {seconds} s behind", condition),
    over: condition.text,
  };
  chip.dataset.kind = condition.kind;
  if (condition.kind === "over") signs.stop();
  if (chip.textContent !== words[condition.kind]) chip.textContent = words[condition.kind];
}

function watching({ people, count }) {
  const element = root.querySelector("[data-watching]");
  element.hidden = count < 2;
  element.textContent = t("{count} watching", { count });
  element.title = people.join(", ");
}
