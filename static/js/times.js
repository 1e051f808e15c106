// `time[data-relative]` and `time[data-countdown]` stay current while the page is open;
// `time[data-clock]` says what clocks here show, and UTC on hover.
import { t } from "./words.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

export function keepCurrent(document) {
  const tick = () => {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-clock]")) {
      write(time, dayAndClock(new Date(time.dateTime), new Date(now)));
    }
    for (const time of document.querySelectorAll("time[data-relative]")) {
      write(time, relative((now - Date.parse(time.dateTime)) / 1000) ?? time.textContent);
    }
    for (const time of document.querySelectorAll("time[data-countdown]")) {
      const left = Math.round((Date.parse(time.dateTime) - now) / 1000);
      write(time, left > 0 ? lasting(left) : t("over"));
    }
  };
  setInterval(tick, 1000);
}

export function relative(seconds) {
  const size = Math.abs(seconds);
  if (size > 14 * DAY) return null;
  if (size < MINUTE) return seconds >= 0 ? t("just now") : t("in under a minute");
  return seconds > 0 ? t("{amount} ago", { amount: largest(size) }) : t("in {amount}", { amount: largest(size) });
}

// Such as 14:05:09, in the zone of this browser.
export function clock(moment) {
  return [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

function dayAndClock(moment, now) {
  if (moment.toDateString() === now.toDateString()) return clock(moment);
  return `${moment.getDate()} ${moment.toLocaleString("en", { month: "short" })} ${clock(moment)}`;
}

export function lasting(seconds) {
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return two(Math.floor(seconds / MINUTE), "min", seconds % MINUTE, "s");
  if (seconds < 2 * DAY) return two(Math.floor(seconds / HOUR), "h", Math.floor((seconds % HOUR) / MINUTE), "min");
  return two(Math.floor(seconds / DAY), t("days"), Math.floor((seconds % DAY) / HOUR), "h");
}

function largest(seconds) {
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h`;
  const days = Math.floor(seconds / DAY);
  return `${days} ${days === 1 ? t("day") : t("days")}`;
}

function two(big, unit, small, fraction) {
  return small ? `${big} ${unit} ${small} ${fraction}` : `${big} ${unit}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
