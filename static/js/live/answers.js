// Forms of the live page are sent in place: nothing reloads, nothing moves, what was refused keeps
// its text. Without this script they are ordinary forms.
import { t } from "../words.js";

const SHOWN = 8000;

export function answerInPlace(root, refresh) {
  const news = root.querySelector("[data-news]");
  let timer = 0;
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    event.preventDefault();
    if (!form.hasAttribute("aria-busy")) send(form, event.submitter);
  });

  async function send(form, button) {
    form.setAttribute("aria-busy", "true");
    clear(form);
    try {
      await show(form, await post(form, button));
    } catch (error) {
      console.warn("The form was not sent.", error);
      tell("error", t("Not sent: the console could not be reached. Try again."));
    }
    form.removeAttribute("aria-busy");
  }

  // Somewhere else means that something comes first, such as a proof of who acts.
  async function show(form, answer) {
    if (new URL(answer.url).pathname !== location.pathname) return void location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const notices = [...page.querySelectorAll(".notices .notice")];
    const refusal = notices.find((each) => each.matches(".notice-error"));
    news.replaceChildren(...notices.map(copy));
    if (refusal) return void refuse(form, refusal.textContent.trim());
    form.reset();
    form.closest("details.reasoned")?.removeAttribute("open");
    timer = setTimeout(() => news.replaceChildren(), SHOWN);
    refresh();
  }

  // The sentence stands at the field that it is about.
  function refuse(form, sentence) {
    const field = form.querySelector("textarea, input:not([type=hidden]):not([type=checkbox])");
    if (!field) return;
    const text = document.createElement("p");
    text.className = "wrong";
    text.id = `${field.id}-wrong`;
    text.textContent = sentence;
    field.after(text);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", text.id);
    field.focus();
  }

  function clear(form) {
    clearTimeout(timer);
    news.replaceChildren();
    for (const text of form.querySelectorAll(".wrong")) text.remove();
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  }

  function tell(kind, sentence) {
    const notice = document.createElement("p");
    notice.className = `notice notice-${kind}`;
    notice.textContent = sentence;
    news.replaceChildren(notice);
  }
}

function copy(notice) {
  const text = document.createElement("p");
  text.className = notice.className;
  text.append(...document.importNode(notice, true).childNodes);
  return text;
}

function post(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  return fetch(button?.getAttribute("formaction") ?? form.getAttribute("action"), { method: "POST", body });
}
