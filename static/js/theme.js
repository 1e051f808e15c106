// Changes the theme without a reload, so that nothing typed on the page is lost.
const NEXT = { dark: "light", light: "auto", auto: "dark" };
const WORDS = { dark: "Dark", light: "Light", auto: "As the system" };
const YEAR = 31536000;

export function followTheme(form) {
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    apply(button.value);
    button.value = NEXT[button.value];
    button.textContent = WORDS[button.value];
  });
}

function apply(theme) {
  document.cookie = `theme=${theme};path=/;max-age=${YEAR};samesite=lax`;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
