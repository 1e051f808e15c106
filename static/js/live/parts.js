// Parts of the page that the server draws: fetched anew after events, swapped where they differ.
const SOON = 120;
const SECRET = /name="csrfmiddlewaretoken" value="[^"]*"/g;

export class Parts extends EventTarget {
  #timer = 0;
  #busy = false;
  #again = false;
  #pause = SOON;

  constructor(root, address) {
    super();
    Object.assign(this, { root, address });
  }

  // Soon; many calls make one request, and a slow server is asked less often.
  refresh() {
    if (this.#busy) this.#again = true;
    else this.#timer ||= setTimeout(() => this.#fetch(), this.#pause);
  }

  async #fetch() {
    this.#timer = 0;
    this.#busy = true;
    const began = performance.now();
    try {
      const answer = await fetch(this.address(), { redirect: "error" });
      if (answer.ok) this.#swap(await answer.text());
    } catch (error) {
      console.warn("The page's parts did not arrive; the next event asks again.", error);
    }
    this.#pause = Math.min(SOON + 4 * (performance.now() - began), 5000);
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      this.refresh();
    }
  }

  #swap(text) {
    const news = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
    for (const part of news.querySelectorAll("[data-part]")) {
      const old = this.root.querySelector(`[data-part="${part.dataset.part}"]`);
      if (differs(old, part)) replace(old, part);
    }
    const { state, word, sign } = news.dataset;
    Object.assign(this.root.dataset, { state, word, sign });
    this.dispatchEvent(new Event("swapped"));
  }
}

function differs(old, part) {
  return old.innerHTML.replace(SECRET, "") !== part.innerHTML.replace(SECRET, "");
}

// What a person typed, opened or stands on survives.
function replace(old, part) {
  const typed = [...old.querySelectorAll("input, textarea")]
    .filter((field) => field.type !== "hidden" && field.value !== field.defaultValue)
    .map((field) => [field.id, field.value]);
  const folds = [...old.querySelectorAll("details[id]")].map((details) => [details.id, details.open]);
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const selection = active?.selectionStart === undefined ? null : [active.selectionStart, active.selectionEnd];
  const here = active && place(active);
  old.replaceChildren(...part.childNodes);
  typed.forEach(([id, value]) => restore(old, id, value));
  folds.forEach(([id, open]) => old.querySelector(`details[id="${id}"]`)?.toggleAttribute("open", open));
  const again = here && old.querySelector(here);
  if (active && !again) stay(old);
  again?.focus({ preventScroll: true });
  if (again?.setSelectionRange && selection?.[0] != null) again.setSelectionRange(...selection);
}

// Whoever stood on something that is gone goes on from the heading of what is there now.
function stay(part) {
  const heading = part.querySelector("h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function restore(part, id, value) {
  const field = id && part.querySelector(`[id="${id}"]`);
  if (field) field.value = value;
}

function place(element) {
  if (element.id) return `[id="${element.id}"]`;
  if (element.dataset.run) return `${element.tagName}[data-run="${element.dataset.run}"]`;
  if (element.matches("summary")) return `details[id="${element.parentElement.id}"] > summary`;
  return element.value ? `${element.tagName}[name="${element.name}"][value="${element.value}"]` : null;
}
