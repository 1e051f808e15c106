// Lights the lines of the source that a step came from, and the step that a line became.
const beside = document.querySelector("[data-beside]");
const source = beside.querySelector(".source");
const parts = [...beside.querySelectorAll("[data-lines]")].map((element) => {
  const [first, last] = element.dataset.lines.split("-").map(Number);
  return { element, first, last, size: last - first };
});
const steps = parts.filter(({ element }) => element.matches(".station"));

for (const { element, first, last } of parts) {
  for (const kind of ["mouseover", "focusin"]) {
    element.addEventListener(kind, (event) => {
      event.stopPropagation();
      light(first, last);
    });
  }
}
source.addEventListener("mouseover", (event) => lightPart(event.target));
source.addEventListener("focusin", (event) => lightPart(event.target));
beside.addEventListener("mouseleave", () => light(0, -1));

document.addEventListener("keydown", (event) => {
  if (!["j", "k"].includes(event.key) || event.target.closest("input, textarea, select")) return;
  if (event.ctrlKey || event.metaKey || event.altKey || !steps.length) return;
  const here = steps.findIndex(({ element }) => element === document.activeElement);
  const next = event.key === "j" ? here + 1 : Math.max(here, 1) - 1;
  steps[Math.min(next, steps.length - 1)].element.focus();
});

function light(first, last) {
  for (const lit of beside.querySelectorAll(".lit")) lit.classList.remove("lit");
  for (let number = first; number <= last; number += 1) {
    document.getElementById(`L${number}`)?.classList.add("lit");
  }
  const line = document.getElementById(`L${first}`);
  if (line && getComputedStyle(source).position === "sticky") show(line);
}

// Scrolls the source alone: moving the whole page under the pointer would be maddening.
function show(line) {
  const box = source.getBoundingClientRect();
  const at = line.getBoundingClientRect();
  if (at.top < box.top || at.bottom > box.bottom) {
    source.scrollTop += at.top - box.top - box.height / 3;
  }
}

function lightPart(target) {
  const line = target.closest("li");
  if (!line) return;
  const number = Number(line.id.slice(1));
  const around = parts
    .filter(({ first, last }) => first <= number && number <= last)
    .sort((a, b) => a.size - b.size)[0];
  for (const lit of beside.querySelectorAll(".lit")) lit.classList.remove("lit");
  line.classList.add("lit");
  around?.element.classList.add("lit");
}
