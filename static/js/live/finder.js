// Search over the whole log, on the server.
import { t } from "../words.js";

export function findIn(pane, form) {
  const [field, count] = [form.querySelector("input"), form.querySelector("output")];
  let found = { text: "", total: 0, lines: [], more: false, at: -1 };

  const step = async (way) => {
    const text = field.value;
    if (!text) return clear();
    if (text !== found.text || pane.lines.total !== found.total) await search(text);
    if (!found.lines.length) return undefined;
    found.at = (found.at + way + found.lines.length) % found.lines.length;
    pane.marked = [found.lines[found.at], found.lines[found.at]];
    say();
    return pane.reveal(found.lines[found.at]);
  };

  const search = async (text) => {
    count.value = t("searching");
    const line = found.text === text ? found.lines[found.at] : undefined;
    const { lines, more } = await pane.lines.find(text);
    const at = line === undefined ? -1 : lines.indexOf(line);
    found = { text, total: pane.lines.total, lines, more, at };
    pane.hits = new Set(lines);
    say();
    pane.draw();
  };

  const say = () => {
    const number = `${found.lines.length.toLocaleString("en")}${found.more ? "+" : ""}`;
    if (!found.lines.length) count.value = t("not found");
    else count.value = t("{at} of {number}", { at: (found.at + 1).toLocaleString("en"), number });
  };

  const clear = () => {
    found = { text: "", total: 0, lines: [], more: false, at: -1 };
    pane.hits = new Set();
    count.value = "";
    pane.draw();
  };

  const press = (way) => step(way).catch(() => (count.value = t("try again")));
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") press(event.shiftKey ? -1 : 1);
    if (event.key !== "Escape") return;
    event.preventDefault(); // else the browser would empty it, and what was found stays marked
    field.blur();
  });
  field.addEventListener("input", () => field.value || clear());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-find]");
    if (button) press(Number(button.dataset.find));
  });
  return clear;
}
