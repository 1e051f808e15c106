// Every page: keys, times that stay current, and the theme.
import { listen } from "./keys.js";
import { keepCurrent } from "./times.js";
import { followTheme } from "./theme.js";

listen(document);
keepCurrent(document);
followTheme(document.querySelector("[data-appearance]"));

for (const form of document.querySelectorAll("form[data-autosubmit]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

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
