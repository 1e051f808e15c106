// What a script says, in the language of the page: `t("{amount} ago", { amount })`.
const words = JSON.parse(document.getElementById("script-words")?.textContent ?? "{}");

export function t(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
