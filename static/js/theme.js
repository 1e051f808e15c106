// Changes the theme without a reload, so that nothing typed on the page is lost.
import { t } from "./words.js";

const NEXT = { dark: "light", light: "auto", auto: "dark" };
const WORDS = { dark: t("Dark"), light: t("Light"), auto: t("As the system") };
const YEAR = 31536000;

export function followTheme(form) {
  if (!form) return;
  offer(form.querySelector("button"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    apply(button.value);
    button.value = NEXT[button.value];
    offer(button);
  });
}

// Nobody who looks at a dark page wants to be offered a dark one.
function offer(button) {
  const automatic = !document.documentElement.dataset.theme;
  if (automatic) button.value = matchMedia("(prefers-color-scheme: dark)").matches ? "light" : "dark";
  button.textContent = WORDS[button.value];
}

function apply(theme) {
  document.cookie = `theme=${theme};path=/;max-age=${YEAR};samesite=lax`;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
