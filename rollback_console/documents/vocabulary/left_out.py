"""Why something in a plan is no part of the rollback: a reason, and the words that give it.

A heading says so for all below it; a label right above a fence, or a remark in one, for what it
stands above. A label is short: a sentence that only holds such a word is none.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..markdown.folded_text import fold, fold_heading
from .languages import Meaning, any_of

_OUTPUT = any_of(Meaning.OUTPUT)
_EXAMPLE = any_of(Meaning.EXAMPLE)

# A reason, and what a heading says (searched in it).
HEADINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("belongs to the deployment",
         r"\bpre-?deploy|\bbefore (?:the |each |every |a |any |you )?(?:deploy|releas|upgrad|rollout|merg)|^pre-?release\b|^(?:first|initial) (?:deploy|install)"
         r"|\bbefore (?:the )?(?:switch|cutover|migration|go-?live)\b|切换前|部署前|上线前|发布前"),
        ("makes backups",
         r"^(?:automat\w+|manual|regular|scheduled|daily|nightly) backups?$|^备份(?:策略|时机|验证|计划)?$|^backups? (?:strategy|schedule|polic|procedures?$|process|plan$|retention|locations?|automation)"),
        ("undoes the rollback again",
         r"\b(?:undo|revers|revert)\w* (?:of )?(?:this|the) (?:undo|rollback|revert|reversal)\b"
         r"|\bre-?apply|roll(?:ing)? forward|fix forward|after the fix\b|^re-?deploy(?:ing|ment)? (?:after|the fix)"),
        ("expected output",
         r"(?:expected|example|sample) (?:\w+ )?(?:output|result|response)|\boutput$"
         rf"|resultado esperado|resultat attendu|erwartete[sr]? ergebnis|(?:^|\W)(?:{_OUTPUT})\W*$"),
        ("shown as a mistake",
         r"pitfalls?\b|incorrect|anti-?pattern|wrong (?:way|approach|pattern)"
         r"|bad (?:example|practice|pattern)|what not to do|\bmistakes\b|\bdon.?ts\b"),
        ("an example",
         rf"^examples?\b|\bexamples?$|(?:^|\W)(?:{_EXAMPLE})(?:\W|$)"),
        ("a test or a drill",
         r"\bdrill|trained for|game ?days?\b|rehears|\bevidence|dry[ -]?run (?:log|result)"
         r"|test(?:ing)? (?:the|this|your) (?:rollback|plan)|rollback test(?!s? pass)"
         r"|^(?:pre-?production )?test(?:ing|s)?(?: (?:the|this|your|automat\w+|manual|full|partial))* (?:rollback|recovery)"
         r"|^pre-?production test|^local(?:ly)? test|test(?:ing)? (?:it )?locally|on (?:your|a) (?:laptop|machine)|演练"),
        ("only for reference",
         r"quick (?:reference|commands?)|comandos rapidos|commandes rapides|cheat ?sheet|reference card|useful (?:commands?|links?|queries)"
         r"|(?:helpful|common|handy) commands?|command reference|^commands? (?:summary|overview|reference)"
         r"|^(?!.*(?:roll|revert|restor|recover|step)).*\bcommands$|^pause ?(?:/|and|&) ?resume|^scal(?:e|ing)\b(?! down)|^usage examples?"
         r"|for reference|^references?$|^appendix|^annex|^anexo|^anhang|^allegat|^apendice|^附录|^приложение|^ال?ملا?حق|^付録|^부록|glossary|change ?log|(?:revision|document|version) history"
         r"|related (?:doc|link|resource|runbook)|referencia rapida|快速参考|^files? (?:changed|modified|involved)|^resources$|^see also"),
        ("for when something goes wrong",
         r"troubleshoot|if (?:the |a )?rollback (?:itself )?(?:fails|failed|does|doesn.t|is stuck)|rollback (?:fails|failed|failures?|not working)|(?:回滚|回退|恢复)失败|(?:rollback|zurucksetzen) .{0,20}(?:fehlschlagt|scheitert)|(?:rollback|reversion|retour arriere) .{0,20}(?:falla|echoue|falha|fallisce)|^if (?:it|that|this) (?:did|does)(?: not|n.?t) work|\bfaq\b"
         r"|common (?:issue|problem|error|mistake)|known issue|solucion de problemas|depannage"
         r"|fehlerbehebung|故障排[查除]|استكشاف الاخطاء"),
        ("looks into the cause",
         r"investigat|^diagn[oó]|诊断|问题分析|原因分析|التشخيص|^аналіз|^анализ причин|^диагност|^діагност|debugging|^analy[sz]e the|collect(?:ing)? (?:logs|evidence)|^forensic"),
        ("watches the system",
         r"^(?!.*(?:post|after|next)).*\bmonitor(?:ing)?\b|observability|^dashboards?\b|(?:grafana|metrics) dashboards?\b|^alert(?:s|ing)\b|^logs$|log monitoring"),
        ("a template", r"^templates?$|\btemplates?$"),
        ("what a workflow does by itself",
         r"^(?:the |this )?(?:workflow|pipeline|job|action|script) (?:will|does|performs)\b|^como funciona|^how .{1,60}\bworks?$|how (?:it|this|deploys?|deployments?) works?"
         r"|^how (?:deploys?|deployments?) (?:work|happen)|^what (?:it|this|the script) does|^under the hood|^architecture$"),
        ("a limit, not an act",
         r"^what .{0,40}(?:does not|doesn.t|cannot|can.t) (?:cover|undo|do|fix|restore|reverse)|^what(?:.?s| is| are)? not\b|not (?:a rollback target|covered|supported|included)|^limit(?:ation)?s\b|^out of scope|cannot be rolled back"),
        ("not now",
         r"\bnext (?:business )?day\b|\blater\b|the day after|^after the incident"),
    )
)  # fmt: skip

# What a label right above a fence says (from its beginning).
LABELS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("expected output",
         r"(?:the )?(?:expected|sample|example)? ?(?:successful )?(?:output|result|response)s?(?: (?:looks?|should (?:look|be)).{0,30})?$"
         r"|(?:you )?should (?:show|return|see|be|print|look|output|display)|you(?:.ll| will| should) see|(?:it )?(?:prints|returns|shows|outputs)$"
         r"|expected (?:\w+ ){0,3}(?:output|result|response|answer)|expected$|expected output looks"
         rf"|(?:{_OUTPUT})(?: .{{0,30}})?$"),
        ("shown as a mistake",
         r"(?:do not|don.?t|never|avoid)\b(?: (?:do|run|use|execute|try))?(?: this| these| it| the following)?$"
         r"|(?:wrong|bad|incorrect|anti-?pattern|not like this)(?: (?:way|example|approach))?$"
         r"|no usar|ne pas (?:faire|executer)|nicht so"),
        ("an example",
         rf"(?:for )?examples?(?: (?:of|usage|output)\b.{{0,40}})?$|(?:{_EXAMPLE})$|e\.?g$|for instance$"),
        ("a test or a drill",
         r"(?:to )?test(?:ing)? (?:\w+ ){0,3}(?:locally|on (?:your|a) (?:laptop|machine)|in (?:dev\w*|a sandbox)|on staging(?: first)?)"
         r"|local(?:ly)? test|locally(?: only)?$|(?:in|on) (?:dev|development|local)(?: only)?$"),
        ("only for reference", r"(?:just )?for (?:your )?(?:reference|information|context)|reference only|fyi\b"),
        ("belongs to the deployment",
         r"(?:before|prior to|at|during|when|on|for|in) (?:the |each |every |your |a )?(?:deploy(?:ing|ment|s)?|release)s?\b(?!.*\b(?:rollback|roll back|revert))"),
        ("what a workflow does by itself",
         r"(?:the |this )?(?:workflow|pipeline|job|action|script)s? (?:will|does|performs|runs)\b"),
        ("not now", r"(?:the )?next (?:business )?day|the day after|later\b"
                    r"|.{0,60}\b(?:after|once|when) (?:the |this |your )?(?:issue|incident|problem|bug|outage|fix) (?:is|has been|was) (?:resolved|fixed|over|closed|deployed)"),
        ("only for reference", r"paste (?:it |this |the \w+ )?here"),
        ("the content of a file", r"save (?:this |it )?(?:as|to|in)\b|create (?:a |the |this )?(?:new )?(?:file|script)\b|put (?:this|the following) (?:in|into)\b|(?:file|filename|datei|fichier|archivo|文件)\s*[:：]|[a-z0-9_./-]{1,60}\.(?:sh|sql|ya?ml|py|tf|conf|env|ini|toml)$"),
    )
)  # fmt: skip
_WORDS = 9
_LONGEST = 160
_NOT_SO = re.compile(
    r"(?:do not|don.?t|never|must not|avoid) (?:ever )?(?:run|use|execute|do|try|call|apply|doing|running|using) (?:this|these|it|them|the following)\b"
)
_AS_EXAMPLE = re.compile(
    rf"(?:{_EXAMPLE})\s*[:,(]|e\.g\.?\b|.{{0,60}}\bexamples?(?:\s*\([^()]{{0,60}}\))?\s*:?$"
)


@lru_cache(maxsize=4096)
def why_left_out(heading: str) -> str:
    """Why nothing under this heading runs; empty when its words do not say so."""
    folded = fold_heading(heading[:200])
    return next((reason for reason, pattern in HEADINGS if pattern.search(folded)), "")


@lru_cache(maxsize=4096)
def why_label_leaves_out(text: str) -> str:
    """Why what stands right below this label does not run; empty when it is no such label."""
    if len(text) > _LONGEST:
        return ""
    if "❌" in text or "🚫" in text:
        return "shown as a mistake"
    folded = fold(text)
    if _NOT_SO.match(folded):
        return "shown as a mistake"
    if folded.count(" ") >= _WORDS:
        return ""
    return next((reason for reason, pattern in LABELS if pattern.match(folded)), "")


def may_be_example(text: str) -> bool:
    """Whether the remark calls what stands below it an example, and goes on to say of what."""
    return bool(_AS_EXAMPLE.match(fold(text[:200])))
