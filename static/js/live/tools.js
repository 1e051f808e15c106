// The pane's buttons: wrapping, times, filter, merged view, the same host in another step, whole screen, copy.
import { t } from "../words.js";

const SAID = 2500;
const WRAP = "log-wrap";

export function toolsOf(root, pane, choose) {
  const log = pane.element;
  const button = (name) => log.querySelector(`[data-tool="${name}"]`);
  const field = log.querySelector("#find");
  for (const each of log.querySelectorAll("[data-tool]")) each.hidden = false;

  const press = (name, on) => button(name).setAttribute("aria-pressed", on);
  const cell = () => root.querySelector(`.cell[data-run="${pane.token}"]`);
  const tools = {
    wrap: () => wrap(!log.classList.contains("pane-wrap")),
    times: () => press("times", log.classList.toggle("pane-times")),
    filter: () => {
      pane.filter(pane.filtered ? "" : field.value);
      if (!field.value) field.focus();
    },
    merged: () => (pane.merged ? pane.plain() : pane.merge(address(), hosts())),
    fold: () => (pane.folding = !pane.folding),
    before: () => step(-1),
    after: () => step(1),
    whole: () => (document.fullscreenElement ? document.exitFullscreen() : log.requestFullscreen()),
    copy: () => copy(permalink()).then((done) => say(button("copy"), done ? t("Copied") : t("Not copied"))),
  };

  const wrap = (on) => {
    press("wrap", log.classList.toggle("pane-wrap", on));
    remember(on);
    pane.draw();
  };
  wrap(wrapped());

  const address = () => `${log.dataset.steps}${position(cell())}/lines/`;

  const hosts = () =>
    [...(cell()?.closest(".station").querySelectorAll(".cell-host") ?? [])].map((each) => each.textContent.trim());

  // The nearest step that way that has a log, on the same host where it ran there too.
  const step = (way) => {
    const stations = [...root.querySelectorAll(".station")].filter((each) => each.querySelector(".cell"));
    const next = stations[stations.indexOf(cell()?.closest(".station")) + way];
    if (!next) return;
    const host = cell()?.querySelector(".cell-host").textContent;
    const cells = [...next.querySelectorAll(".cell")];
    choose((cells.find((each) => each.querySelector(".cell-host").textContent === host) ?? cells[0]).dataset.run);
  };

  const permalink = () => {
    const [from, to] = pane.marked[1] < 0 ? [pane.topLine, pane.topLine] : pane.marked;
    const lines = `#L${from + 1}${to > from ? `-L${to + 1}` : ""}`;
    return new URL(`${root.dataset.page}?run=${pane.token}${lines}`, location.href).href;
  };

  log.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-tool]")?.dataset.tool;
    if (tool) tools[tool]();
  });
  log.addEventListener("view", () => {
    press("filter", pane.filtered);
    press("merged", pane.merged);
    press("fold", pane.folding);
  });
  document.addEventListener("fullscreenchange", () => press("whole", document.fullscreenElement === log));
  field.addEventListener("input", () => pane.filtered && pane.filter(field.value));
}

// Lines wrap until this person says otherwise; a browser may keep nothing.
function wrapped() {
  try {
    return localStorage.getItem(WRAP) !== "off";
  } catch {
    return true;
  }
}

function remember(on) {
  try {
    localStorage.setItem(WRAP, on ? "on" : "off");
  } catch {
    // Then it holds for this page.
  }
}

export function position(cell) {
  return cell?.closest(".station").id.replace("step-", "") ?? "";
}

// Where the clipboard is closed to scripts (no HTTPS), the old way.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

function say(button, words) {
  button.dataset.word ??= button.textContent;
  button.textContent = words;
  setTimeout(() => (button.textContent = button.dataset.word), SAID);
}
