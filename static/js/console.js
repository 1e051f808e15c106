// Every page: keys, times that stay current, and the theme.
import { listen } from "./keys.js";
import { keepCurrent } from "./times.js";
import { offerPush } from "./push.js";
import { followTheme } from "./theme.js";
import { keepTyped } from "./drafts.js";

listen(document);
keepCurrent(document);
offerPush(document);
keepTyped();
followTheme(document.querySelector("[data-appearance]"));

for (const form of document.querySelectorAll("form[data-autosubmit]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// Half-written text of one form is not lost by another form's button without a question.
const touched = new Set();
document.addEventListener("input", (event) => {
  if (event.target.form?.closest("[data-guarded]")) touched.add(event.target.form);
});
document.addEventListener("submit", (event) => touched.delete(event.target));
document.addEventListener("kept", (event) => touched.delete(event.target));
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
window.addEventListener("beforeunload", (event) => {
  if ([...touched].some((form) => form.isConnected)) event.preventDefault();
});

// A second click would only be refused by the server; do not let it happen.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const button = event.submitter;
  setTimeout(() => button?.setAttribute("disabled", ""), 0);
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form[method=post] button[disabled]")) {
    if (!button.hasAttribute("data-stays-off")) button.removeAttribute("disabled");
  }
});
