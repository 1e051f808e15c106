// Forms with data-passkey="login", "authenticate" or "add": what a passkey answers goes into
// #passkey-credential, and the form is sent. The two scripts before this one speak to the browser.
import { t } from "./words.js";

const forms = globalThis.allauth.webauthn.forms;
const begin = { login: forms.loginForm, authenticate: forms.authenticateForm, add: forms.addForm };
const ids = {
  login: "passkey-button",
  authenticate: "passkey-button",
  add: "passkey-button",
  credential: "passkey-credential",
  passwordless: "id_passwordless",
};
const NONE = t("This browser knows no passkeys here: they need https, and a host name.");
const FAILED = t("That did not work. Nothing was changed; try again, or use another way.");

for (const form of document.querySelectorAll("[data-passkey]")) {
  const error = form.querySelector("[data-passkey-error]");
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    say(error, FAILED);
  });
  if (!globalThis.PublicKeyCredential) {
    if (!form.hidden) say(error, NONE);
    continue;
  }
  form.hidden = false;
  const data = form.dataset.options ? JSON.parse(form.dataset.options) : undefined;
  begin[form.dataset.passkey]({ ids, data });
}

function say(place, sentence) {
  place.textContent = sentence;
  place.hidden = false;
}
