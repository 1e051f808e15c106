// The postmortem is saved while somebody writes, and shows beside it how the text looks.
const PAUSE = 1000;

const form = document.querySelector("[data-autosave]");
if (form) {
  const state = form.querySelector("[data-autosaved]");
  const version = form.elements.version;
  let timer = 0;
  let dirty = false;
  let running = Promise.resolve();

  form.addEventListener("input", () => {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  // Another button does its work once the text is kept.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target === form) clearTimeout(timer);
      if (event.target === form || !dirty) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { target, submitter } = event;
      save().then(() => !dirty && target.requestSubmit(submitter));
    },
    true,
  );

  function save() {
    clearTimeout(timer);
    running = running.then(() => dirty && send());
    return running;
  }

  async function send() {
    dirty = false;
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
      const { version: next, looks, detail } = await answer.json();
      if (!answer.ok) throw new Error(detail);
      version.value = version.defaultValue = next;
      for (const [name, look] of Object.entries(looks)) show(name, look);
      if (!dirty) form.dispatchEvent(new CustomEvent("kept", { bubbles: true }));
      state.textContent = state.dataset.saved;
    } catch (error) {
      dirty = true;
      state.textContent = `${state.dataset.failed} ${error.message}`;
    }
  }

  // The server has cleaned it; only what it sent is put in.
  function show(name, look) {
    const place = document.querySelector(`[data-look="${name}"]`);
    const text = new DOMParser().parseFromString(look, "text/html").body;
    place?.replaceChildren(...(text.textContent.trim() ? text.childNodes : [place.dataset.empty]));
  }
}
