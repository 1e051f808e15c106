// What somebody typed into a form outlives a sign-out: it waits in this tab, for the same person on the same page,
// and is sent by nobody. Fields that hold secrets are left out.
import { t } from "./words.js";

const PLACE = "typed before a sign-out";
const shell = document.querySelector("[data-person]");

export function keepTyped() {
  const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  sessionStorage.removeItem(PLACE);
  if (kept && cameFromSignIn() && kept.person === shell?.dataset.person && kept.page === location.pathname) bringBack(kept);
  document.addEventListener("submit", ({ target }) => target.method === "post" && keep(target), true);
}

function keep(form) {
  const typed = [...form.elements].filter(isText).filter(({ value, defaultValue }) => value !== defaultValue);
  if (!shell || !typed.length) return;
  const values = typed.map(({ name, value }) => [name, value]);
  const { person } = shell.dataset;
  sessionStorage.setItem(PLACE, JSON.stringify({ person, page: location.pathname, action: form.getAttribute("action"), values }));
}

function bringBack({ action, values }) {
  const form = [...document.forms].find((each) => each.getAttribute("action") === action && each.method === "post");
  const fields = values.map(([name, value]) => [form?.elements[name], value]).filter(([field]) => field && isText(field));
  if (!fields.length) return;
  for (const [field, value] of fields) field.value = value;
  const notice = document.createElement("p");
  notice.className = "notice notice-info";
  notice.setAttribute("role", "status");
  notice.textContent = t("What you typed before you were signed out is here again. It was not sent.");
  form.prepend(notice);
  form.closest("details")?.setAttribute("open", "");
  fields[0][0].focus();
}

function isText({ name, type, autocomplete }) {
  return Boolean(name) && (type === "textarea" || type === "text") && !/off|password/.test(autocomplete);
}

function cameFromSignIn() {
  return document.referrer !== "" && new URL(document.referrer).pathname.startsWith(shell?.dataset.signIn);
}
