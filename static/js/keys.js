// `data-keys="g h"` on a link, button or field: those keys, pressed outside a field, use it.
const TYPED = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const PAUSE = 900;

export function listen(document) {
  let typed = [];
  let last = 0;
  for (const opener of document.querySelectorAll("[data-opens]")) opens(opener);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPED)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.timeStamp - last > PAUSE) typed = [];
    last = event.timeStamp;
    typed = [...typed, event.key].slice(-2);
    const found = match(document, typed);
    if (!found) return;
    event.preventDefault();
    typed = [];
    use(found);
  });
}

function match(document, typed) {
  const wanted = [typed.join(" "), typed.at(-1)];
  return [...document.querySelectorAll("[data-keys]")].find((element) =>
    wanted.includes(element.dataset.keys),
  );
}

function use(element) {
  if (element.matches(TYPED)) element.focus();
  else element.click();
}

function opens(opener) {
  const dialog = document.getElementById(opener.dataset.opens);
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
}
