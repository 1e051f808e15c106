// One line of a terminal as pieces of text with classes: SGR colours, carriage returns and
// backspaces in place. Every other escape is dropped, every other control character is named.
import { t } from "../words.js";

const LONGEST = 16384;
const ESCAPE =
  /\x1b(?:\[([0-?]*)[ -/]*([@-~])|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~]?)/y;
const SGR = /\x1b\[([0-9;:]*)m/g;
// What nobody sees, as documents/shell/hidden_characters.py has it for output.
const NAMED =
  /(?!\t)[\p{C}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\u{e0100}-\u{e01ef}]/u;

// [{ text, style }]; `style` is a list of classes in one string, "" for plain text. The line
// begins in the style `start`.
export function pieces(line, start = "") {
  const cells = draw(line.length > LONGEST ? line.slice(0, LONGEST) : line, start);
  const found = [];
  for (const [text, style] of cells) {
    const last = found.at(-1);
    if (last?.style === style) last.text += text;
    else found.push({ text, style });
  }
  if (line.length > LONGEST) {
    found.push({ text: t(" … {number} more, in the download", { number: line.length - LONGEST }), style: "named" });
  }
  return found;
}

// The style after a line that begins in the style `start`.
export function carried(line, start) {
  if (!line.includes("\x1b[")) return start;
  const pen = new Pen(start);
  for (const [, parameters] of line.matchAll(SGR)) pen.take(parameters);
  return pen.style;
}

// The style that SGR parameters lead to.
export function styled(parameters) {
  const pen = new Pen("");
  if (parameters) pen.take(parameters);
  return pen.style;
}

function draw(line, start) {
  const cells = [];
  const pen = new Pen(start);
  let column = 0;
  for (let at = 0; at < line.length; ) {
    const character = String.fromCodePoint(line.codePointAt(at));
    if (character === "\x1b") {
      ESCAPE.lastIndex = at;
      const escape = ESCAPE.exec(line);
      if (escape[2] === "m") pen.take(escape[1]);
      if (escape[2] === "K") erase(cells, column, escape[1]);
      at += escape[0].length;
      continue;
    }
    at += character.length;
    if (character === "\r") column = 0;
    else if (character === "\b") column = Math.max(column - 1, 0);
    else cells[column++] = NAMED.test(character) ? [name(character), "named"] : [character, pen.style];
  }
  return cells;
}

// EL: from the cursor on, up to it, or the whole line.
function erase(cells, column, how) {
  if (how === "" || how === "0") cells.length = Math.min(cells.length, column);
  else cells.fill([" ", ""], 0, how === "1" ? Math.min(column + 1, cells.length) : cells.length);
}

function name(character) {
  return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

const SWITCHES = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "struck" };
const OFF = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["struck"] };

class Pen {
  on = new Set();
  ink = "";
  ground = "";
  style = "";

  constructor(style) {
    for (const each of style.split(" ").filter(Boolean)) {
      if (each.startsWith("ink-")) this.ink = each;
      else if (each.startsWith("ground-")) this.ground = each;
      else this.on.add(each);
    }
    this.style = style;
  }

  take(parameters) {
    const codes = parameters.split(/[;:]/).map((code) => Number(code || 0));
    for (let i = 0; i < codes.length; i++) i += this.apply(codes, i);
    this.style = [...this.on, this.ink, this.ground].filter(Boolean).join(" ");
  }

  // How many further codes this one used up.
  apply(codes, i) {
    const code = codes[i];
    if (code === 0) this.reset();
    else if (SWITCHES[code]) this.on.add(SWITCHES[code]);
    else if (OFF[code]) OFF[code].forEach((each) => this.on.delete(each));
    else if (code === 39) this.ink = "";
    else if (code === 49) this.ground = "";
    else if (code === 38 || code === 48) return this.extended(codes, i);
    else this.basic(code);
    return 0;
  }

  reset() {
    this.on.clear();
    this.ink = this.ground = "";
  }

  basic(code) {
    if (code >= 30 && code <= 37) this.ink = `ink-${code - 30}`;
    if (code >= 90 && code <= 97) this.ink = `ink-${code - 82}`;
    if (code >= 40 && code <= 47) this.ground = `ground-${code - 40}`;
    if (code >= 100 && code <= 107) this.ground = `ground-${code - 92}`;
  }

  extended(codes, i) {
    const which = codes[i] === 38 ? "ink" : "ground";
    const [used, color] =
      codes[i + 1] === 5 ? [2, indexed(codes[i + 2])] : [4, nearest(codes.slice(i + 2, i + 5))];
    this[which] = Number.isInteger(color) ? `${which}-${color}` : "";
    return used;
  }
}

function indexed(index) {
  if (index < 16) return index;
  if (index > 231) return index < 244 ? 8 : 7;
  const cube = index - 16;
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => part * 51));
}

// One of the sixteen: themes decide how they look.
function nearest([red, green, blue]) {
  const bright = Math.max(red, green, blue) > 200 ? 8 : 0;
  const bits = (red > 100) | ((green > 100) << 1) | ((blue > 100) << 2);
  return bits ? bits + bright : 8;
}
