// Makes arranging pleasant: keys, drag and drop, and the page stays where it was. Every change is
// a form that is there without this, too.
import "./plan.js";

const cards = [...document.querySelectorAll("[data-step]")];
const memory = "arrangement";

restore();
document.addEventListener("submit", () => {
  const card = document.activeElement?.closest("[data-step]");
  sessionStorage.setItem(memory, JSON.stringify({ path: location.pathname, y: scrollY, card: card?.id }));
});

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(memory) ?? "null");
  sessionStorage.removeItem(memory);
  if (kept?.path !== location.pathname) return;
  scrollTo(0, kept.y);
  if (kept.card) document.getElementById(kept.card)?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey) return;
  const card = document.activeElement?.closest("[data-step]");
  if (event.altKey && card && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    press(card, event.key === "ArrowUp" ? "up" : "down");
  } else if (event.altKey) {
    return;
  } else if (event.key === "u" || event.key === "r") {
    press(document, event.key === "u" ? "undo" : "redo");
  } else if (card && (event.key === "m" || event.key === "o")) {
    press(card, event.key === "m" ? "join" : "choice");
  } else if (card && event.key === "c") {
    open(card)?.querySelector("input[name=title]")?.focus();
    event.preventDefault();
  } else if (card && event.key === "x") {
    const form = open(card)?.querySelector(".arranged-role");
    if (!form) return;
    form.elements.role.value = "left-out";
    form.elements.reason.focus();
    event.preventDefault();
  }
});

function open(card) {
  const change = card.querySelector("[data-change]");
  if (change) change.open = true;
  return change;
}

function press(inside, act) {
  const button = inside.querySelector(`[data-act="${act}"]`);
  if (button && !button.disabled) button.click();
}

// Drag and drop: the dropped card goes before the one it is dropped on, by that card's own form.
let dragged = null;
for (const card of cards) {
  const form = card.querySelector('[data-act="up"], [data-act="down"]')?.form;
  if (!form) continue;
  const mark = card.querySelector(".mark");
  mark.draggable = true;
  mark.classList.add("drag");
  mark.addEventListener("dragstart", (event) => {
    dragged = { card, form };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.step);
  });
  mark.addEventListener("dragend", () => drop(null));
}
for (const card of cards) {
  card.addEventListener("dragover", (event) => {
    if (!dragged || dragged.card === card) return;
    event.preventDefault();
    for (const other of cards) other.classList.toggle("drop", other === card);
  });
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    drop(card);
  });
}

function drop(target) {
  for (const card of cards) card.classList.remove("drop");
  const moving = dragged;
  dragged = null;
  if (!moving || !target || moving.card === target) return;
  moving.form.elements.to.value = target.closest("[data-way]").dataset.way;
  moving.form.elements.before.value = target.dataset.step;
  moving.form.requestSubmit();
}
