// Push notifications in this browser: asked for on a click, taken back by the browser or on the account page.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export const canPush = () => "serviceWorker" in navigator && "PushManager" in window && window.isSecureContext;

// True once this browser rings; `form` holds the console's public key and where to send ours.
export async function ring(form) {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const worker = await navigator.serviceWorker.register(form.dataset.worker, { scope: form.dataset.scope });
  await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.push) });
  const body = new URLSearchParams(new FormData(form));
  body.set("endpoint", subscription.endpoint);
  body.set("public_key", text(subscription.getKey("p256dh")));
  body.set("auth", text(subscription.getKey("auth")));
  const answer = await fetch(form.action, { method: "POST", body, redirect: "error" });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return true;
}

export function offerPush(document) {
  for (const form of document.querySelectorAll("form[data-push]")) {
    const state = form.querySelector("[data-push-state]");
    if (!canPush()) {
      state.textContent = form.dataset.unable;
      continue;
    }
    const button = form.querySelector("button");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        state.textContent = (await ring(form)) ? form.dataset.done : form.dataset.refused;
      } catch (error) {
        console.warn("This browser was not added.", error);
        state.textContent = `${form.dataset.failed} ${error.message}`;
      }
      button.disabled = false;
    });
  }
}
