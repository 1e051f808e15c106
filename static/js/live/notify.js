// A desktop notification when a person is asked something; permission is asked for on a click.
import { t } from "../words.js";

export function offer(button) {
  const show = () => (button.hidden = !("Notification" in window) || Notification.permission !== "default");
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    show();
  });
  show();
}

// Some phones have notifications only through a service worker: then there is none.
export function notify(number, text) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(t("Rollback {number}", { number }), { body: text, tag: `rollback-${number}` });
    shown.addEventListener("click", () => window.focus());
  } catch (error) {
    console.warn("This browser shows no notification.", error);
  }
}
