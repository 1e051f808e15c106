// One line of a log as a row of the pane: its number, when it came, its host, its text.
import { pieces } from "./ansi.js";
import { levelOf } from "./levels.js";
import { clock } from "../times.js";
import { t } from "../words.js";

// A line without `text` is on its way.
export function rowOf(line, token, key) {
  const row = document.createElement("li");
  row.dataset.key = key;
  if (line.fold) return folded(row, line.fold);
  row.append(link(line, token), time(line.at), ...host(line), code(line));
  if (!line.token) row.id = `L${line.number + 1}`;
  return row;
}

// Lines that are not shown until somebody asks for them.
function folded(row, fold) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = t("… {number} lines", { number: (fold.last - fold.first + 1).toLocaleString("en") });
  button.title = t("Show them");
  row.className = "fold";
  row.fold = fold;
  row.append(button);
  return row;
}

function link({ number }, token) {
  const element = document.createElement("a");
  element.href = `?run=${token}#L${number + 1}`;
  element.textContent = number + 1;
  element.tabIndex = -1;
  element.dataset.line = number;
  element.dataset.of = token;
  return element;
}

// As clocks here show it, in UTC on hover.
function time(at) {
  const element = document.createElement("time");
  if (at === undefined) return element;
  const moment = new Date(at);
  const text = moment.toISOString();
  element.dateTime = text;
  element.title = `${text.slice(0, 10)} ${text.slice(11, 23)} UTC`;
  element.textContent = `${clock(moment)}.${text.slice(20, 23)}`;
  return element;
}

function host(line) {
  if (!line.token) return [];
  const element = document.createElement("span");
  element.className = "log-host";
  element.textContent = line.shortHost ?? line.host;
  element.title = line.host;
  return [element];
}

function code({ text, style, cut }) {
  const element = document.createElement("code");
  if (text === undefined) element.className = "coming";
  else element.append(...pieces(text, style).map(span));
  element.dataset.level = levelOf(element.textContent);
  if (cut) element.append(span({ text: t("… this line is longer: download the log to read and search all of it"), style: "cut" }));
  return element;
}

function span({ text, style }) {
  if (!style) return document.createTextNode(text);
  const element = document.createElement("span");
  element.className = style;
  element.textContent = text;
  return element;
}
