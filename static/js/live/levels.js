// What a line says of itself: tools mark their own errors and warnings by the word they begin with.
// docs/operator.md has the rule.
const BEFORE = /^\s*(?:\d{4}-\d\d-\d\d[T ])?(?:\d\d:\d\d:\d\d\S*\s+)?(?:[+-]\d{4}\s+)?(?:\[[\d\s:.,+TZ/-]*\]\s*)*(?:npm\s+)?/;
const ERROR = /^(?:[[(<]?(?:ERROR|ERR|FATAL|CRITICAL|CRIT|ALERT|EMERG|SEVERE|PANIC)\b|[[(<]?(?:error|fatal|critical|panic|fail|failed)[\])>]?:|E: |Traceback \(|[\w.]*(?:Error|Exception)\b:)/;
const WARNING = /^(?:[[(<]?(?:WARNING|WARN)\b|[[(<]?warn(?:ing)?[\])>]?:|W: |[\w.]*Warning\b:)/;
const ENOUGH = 200;

// "error", "warning" or "".
export function levelOf(text) {
  const start = text.slice(0, ENOUGH);
  const rest = start.slice(BEFORE.exec(start)[0].length);
  if (ERROR.test(rest)) return "error";
  return WARNING.test(rest) ? "warning" : "";
}
