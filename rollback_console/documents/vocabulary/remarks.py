"""Short remarks people put beside commands: what they make of the step they stand in."""

from __future__ import annotations

import re

from ..markdown.folded_text import fold, plain
from ..shell.memo import remember_short
from .languages import Meaning, any_of

_OR = re.compile(
    rf"(?:alternative(?:\s*\d)?|or,? if you prefer|{any_of(Meaning.OR)})"
    r"(?:\s*[:,،:—-]|\s+(?!not\b)|$)|或者|或(?=[^\w]|使|用|者|直|仅|只|通|采|从|执|手|在|以)|另一种|または|もしくは|あるいは"
)
_OPTION = re.compile(
    rf"(?:{any_of(Meaning.OPTION)})"
    r"\s*(?:#\s*)?(?:[a-h]|\d{1,2}|[ivx]{1,3}|[一二三四五六]|[абвгдאבגדابجد](?=\s*(?:[:.)–—-]|$)))"
    r"(?:\b|(?<=[一二三四五六]))"
)
_FALLBACK = re.compile(
    r"\bif (?:that|this|it|the above|method|option|step|the previous|rollback"
    r"|.{1,40}?) (?:.{0,20} )?"
    r"(?:fails?|failed|doesn.?t work|does not work|is not enough|didn.?t work)|last resort"
    r"|\bif .{1,80}\binstead\b|^if (?:that|this|it) (?:returns|gives|prints|errors|says|answers)\b"
    r"|fall ?back|ultimo recurso"
    r"|dernier recours|letztes mittel|si (?:eso|esto|falla)|si (?:cela )?echoue|falls das nicht"
    r"|最后手段|如果.{1,20}失败|اذا فشل"
)
_CONDITION = re.compile(
    r"(?:only (?:if|when|for|in|run|use|do)|if (?:needed|necessary|required|applicable|possible"
    r"|you|the|any|there|migrations?"
    r"|using|database|data|schema|a |an |no |not |config|and only if|\S+ (?:is|was|were|are|has"
    r"|have|changed|exist))"
    r"|skip (?:this |it |the step )?(?:if|when|unless)|not needed (?:if|when|unless)"
    r"|optional(?:ly)?\b|use (?:when|if|only|this (?:when|if|only))|when (?:needed|necessary"
    r"|required|the|a |you|migrations?)"
    r"|emergency only|as needed|unless|in case|where applicable|conditional"
    r"|solo si|si (?:es necesario|se|hubo|hay|la|las|el|los)\b|opcional|en caso de|unicamente"
    r"|seulement si|uniquement si|si (?:necessaire|besoin|des|une|un|les|le)\b|facultatif"
    r"|optionnel|en cas de"
    r"|nur (?:wenn|falls|bei)|falls|wenn (?:notig|erforderlich|die|der|das|eine)|bei bedarf"
    r"|optional"
    rf"|{any_of(Meaning.CONDITION)}"
    r"|仅(?:当|在)|只有|如果|如需|如有|可选|必要时|فقط اذا|اذا|عند الحاجه|اختياري)"
)
_CONDITION_INSIDE = re.compile(
    r"(?:(?<=\()only (?:if|when|in case)\b[^.;()]{3,140}"
    r"|(?:(?<=[\s(])|^)only (?:if|when|in case|run (?:this|it) if)\b[^.;]{3,140}"
    r"|(?:(?<=[\s(])|^)(?:if|when|where|as) (?:needed|necessary|required|applicable|corrupted|lost|damaged|affected|enabled|used|present)\b(?=\W*$|[^.;]{0,60}[.)]?$))",
    re.IGNORECASE,
)
_IF = re.compile(
    r"(?:if|falls|wenn|si|se|als|jesli|jezeli|если|якщо|eger|اذا|nếu|neu|jika|apabila) \S+ \S|如果|若"
)
_ONLY = re.compile(
    r"only\b|use (?:this )?(?:only|when|if)\b|(?:run|do|perform|use) (?:this )?only|never unless"
    r"|do not .{1,60} unless|solo|so se|apenas|somente|seulement|uniquement|nur\b|alleen|tylko|только|лише|тільки"
    r"|yalnızca|yalnizca|sadece|chỉ|chi khi|hanya|仅|只|فقط|רק"
)
_LOOKED_AT = re.compile(
    r"(?:if|once|when|after|as soon as|assuming) (?:you (?:have|are) )?.{0,40}?\b(?:looks? (?:good|right|ok|okay|fine|correct|as expected|sane)"
    r"|(?:is|are) (?:ok|okay|good|correct|fine|as expected|confirmed|verified|approved|satisfactory)|satisfied|happy with)\b"
    r"|(?:after|once) (?:review|verif|confirm|approv|inspect|check)(?:ing|ed|al|ation)?\b"
    r"|(?:review|check|inspect) (?:the |its )?(?:output|plan|diff|list)[^.]{0,30}(?:then|before|and then)"
)
_EXCLUSIVE = re.compile(
    r"(?:if|when|for) (?:you(?:.re| are)? |it(?:.s| is)? |the (?:app|service|application) (?:is )?|we(?:.re| are)? )?"
    r"(?:runs?|running|using|uses?|deployed|installed|hosted|managed|on) "
    r"|(?:jika|bila|apabila) (?:menggunakan|memakai) |si (?:se )?(?:usas?|utilizas?|vous utilisez|utilise) |se (?:usar?|utilizar?|si usa|utilizzi) "
    r"|(?:wenn|falls) .{0,30}(?:verwende|benutz|nutz)|(?:若|如果)(?:使用|用|是)|если .{0,20}использ|якщо .{0,20}використ|eger .{0,30}kullan"
    r"|jesli (?:uzywa|korzysta)|als (?:je|u) .{0,20}gebruikt|neu (?:su dung|dung) "
)
_CHOOSE = re.compile(
    r"\b(?:choose|pick|select|use|run) (?:only )?(?:one|either|whichever|the (?:one|right|correct|appropriate|matching))\b|\bone of (?:these|the following)\b"
    r"|^(?:there are )?(?:two|three|several|multiple|different) (?:ways|options|methods|alternatives)\b|\bkies\b|\belija|\bescolha|\bwahle\b|\bchoisi|选择(?:其一|一种)|任选"
)
_LONGEST = 300
_INTRODUCES = re.compile(r"(?:if|when|si|cuando|quand|wenn|falls|se|quando)\b")
_ASIDE = re.compile(r"[(\uff08]([^()\uff08\uff09]{3,60})[)\uff09]\s*[.:]?$")
_PUT_OFF = re.compile(
    r"\bnot (?:now|yet|(?:during|in|before) (?:the |an? )?(?:incident|emergency|rollback|outage))\b"
    r"|\b(?:an?|one|two|three|\d+) (?:day|week|month)s? later\b"
    r"|\b(?:do not|don.?t|never) (?:run|execute|do|use|try) (?:this|these|it|them)\b"
)
_WARNING = re.compile(
    rf"(?:{any_of(Meaning.WARNING)})(?=\s*[:!،。\u3001]|$)"
    r"|(?:critical )?(?:warning|caution|danger(?:ous)?|attention|careful|be careful|beware"
    r"|last resort|destructive"
    r"|irreversible|point of no return|important|advertencia|peligro|cuidado|atencion|precaucion"
    r"|importante"
    r"|avertissement|prudence|achtung|warnung|vorsicht|gefahr|wichtig|avviso|attenzione|aviso|警告"
    r"|注意|危险|重要"
    r"|تحذير|تنبيه|خطر|انتباه)(?:\b|(?=[::!،,。!])|(?<=[告意险要])|$)"
)
_WARNING_INSIDE = re.compile(
    r"data (?:loss|will be lost)|will (?:lose|delete|destroy|erase|overwrite|wipe|drop)"
    r"|(?:cannot|can.?t|can not) be "
    r"(?:undone|reversed|recovered)|point of no return|last resort|irreversib|destructive"
    r"|no undo|downtime expected"
    r"|perdida de datos|perdera|perte de donnees|perdra|datenverlust|verloren|数据丢失|不可逆|丢失|فقدان"
)
_MARK = re.compile(r"^[\s>]*(?:⚠|🚨|❗|‼|☠|🛑|\[!(?:WARNING|CAUTION|IMPORTANT)\])")
# Written so, it is shouted: the reader is to stop there and look.
_STOP = re.compile(r"\bSTOP(?:[,.!:]|$| and\b| here\b)")
_LOSS = re.compile(
    r"data[ -]?loss|lose |lost|destroy|erase|wipe|overwrit|delet|destructive|irreversib"
    r"|no return|cannot be undone"
    r"|perdida|perdera|perte|perdra|datenverlust|verloren|丢失|不可逆|فقدان|ستفقد"
)
_PREFERRED = re.compile(
    r"prefer|recommend|fastest|default\b|recomend|recommande|empfohlen|bevorzugt|推荐|首选|المفضل"
    r"|موصي به"
)
_GATE = re.compile(
    r"^(?:wait for|pause (?:for|until)|stop and|get approval|obtain approval|await|confirm with"
    r"|go/no-go|hold\b|checkpoint\b"
    r"|decision point|do not (?:proceed|continue)|esperar|attendre|warten|等待)"
)
_NEGATED = re.compile(
    r"\b(?:do not|don.?t|never|avoid|must not|should not|shouldn.?t|no usar|nunca|ne pas|jamais"
    r"|nicht|niemals|instead of)\b"
    r"|不要|切勿|禁止|لا تستخدم|incorrect|wrong|bad\b|❌|🚫|anti-?pattern"
)
_PLATFORMS = (
    r"docker(?:[ -]compose)?|kubernetes|k8s|kubectl|helm|systemd|systemctl|pm2|heroku|vercel"
    r"|netlify|railway|render|fly(?:\.io)?"
    r"|aws|ecs|lambda|gcp|azure|cloud run|ansible|terraform|argo ?cd|nomad|supervisor(?:d)?"
    r"|bare metal|ubuntu|debian|centos|rhel"
    r"|macos|linux|windows|cli|dashboard|(?:web )?console|ui|gui|prisma|drizzle|django|rails"
    r"|laravel|flyway|knex|sequelize"
    r"|typeorm|alembic|liquibase|supabase|firebase|github(?: actions)?|gitlab(?: ci)?|jenkins"
    r"|mysql|mariadb|postgres(?:ql)?|sqlite|mongodb|git|npm|yarn|pip"
    r"|standalone|swarm|docker swarm|podman|powershell|bash|systemd-nspawn|openshift|rancher|eks|gke|aks|redhat|fedora|alpine|amazon linux"
    r"|python|node(?:\.?js)?|php|symfony|spring boot|\.net|cloudflare(?: \w+)?|app engine|elastic beanstalk"
)
_PLATFORM = re.compile(
    rf"(?:(?:if|when) (?:you are |you.re |it is )?)?(?:(?:using|for|with|on|via|use|in"
    r"|running (?:as|on|in|under|with)|deployed (?:as|on|in|with|via|to)|using the)\s+)?(?:an? |the )?"
    rf"(?P<name>(?:{_PLATFORMS})(?:/(?:{_PLATFORMS}))?)"
    r"(?:\s+(?:users?|deployments?|services?|process|rollback|cli|based|way|method|installs?|setup|equivalent"
    r"|version|hosts?|servers?|environments?))?\s*:?"
)


def is_or(text: str) -> bool:
    """The remark opens another way of doing what stands before it."""
    return bool(_OR.match(_lead(text)))


def option_label(text: str) -> bool:
    """The remark names one of several numbered ways: "Option A", "Method 2"."""
    return bool(_OPTION.match(_lead(text)))


def is_fallback(text: str) -> bool:
    """The remark says: only when the way before it failed, or as the last thing."""
    return bool(_FALLBACK.search(fold(text)))


def platform(text: str) -> str:
    """The platform a remark consists of, or empty."""
    match = _PLATFORM.fullmatch(re.sub(r"\s*\([^()]{1,40}\)$", "", fold(text)))
    return match["name"] if match else ""


@remember_short
def is_condition(text: str) -> bool:
    """The remark says when its commands apply at all."""
    folded = _lead(text)
    introduces = text.rstrip().endswith((":", "\uff1a")) and _INTRODUCES.match(folded)
    says_if = _CONDITION.match(folded) or _IF.match(folded) or introduces
    return bool(says_if) and not is_gate_remark(text)


@remember_short
def condition_of(text: str) -> str:
    """When the remark's commands apply, be it said in an aside or at its end; empty when always.

    A warning holds a condition only where it says so outright: "CRITICAL: only if ...".
    """
    if len(text) > _LONGEST or is_gate_remark(text):
        return ""
    if is_warning(text):
        rest = _after_label(text)
        return rest if _ONLY.match(fold(rest)) else ""
    aside = _ASIDE.search(text)
    if aside and is_condition(aside[1]):
        return aside[1].strip()
    if is_condition(text):
        return text
    inside = _CONDITION_INSIDE.search(text)
    return inside[0].strip(" .:;)") if inside else ""


def _after_label(text: str) -> str:
    """What a warning says behind its first word."""
    match = re.match(r"[^:\uff1a!]{1,30}[:\uff1a!]\s*(.*)", text, re.DOTALL)
    return match[1].lstrip("*_ ") if match else text


def begins_with_if(title: str) -> bool:
    """ "If the restore fails": what stands under such a title is for that case alone."""
    return bool(_IF.match(_lead(title)))


def is_gate_remark(text: str) -> bool:
    """ "If the dry run looks good": somebody looks at what came out, then goes on."""
    return bool(_LOOKED_AT.match(_lead(text)))


def names_one_of(text: str) -> bool:
    """The words say for which of several cases the commands below are: "If Docker Compose:"."""
    return text.rstrip().endswith((":", "\uff1a")) and bool(platform(text) or is_exclusive(text))


def says_choose(text: str) -> bool:
    """The words tell to take one of what stands below: "Two ways:", "pick the right one"."""
    return bool(_CHOOSE.search(fold(text)))


def is_exclusive(text: str) -> bool:
    """ "If running as a service": what it is said of is either so or so."""
    return bool(_EXCLUSIVE.match(_lead(text)))


def is_put_off(text: str) -> bool:
    """The words say not to do it now, or not at all."""
    return bool(_PUT_OFF.search(fold(text)))


@remember_short
def is_warning(text: str) -> bool:
    """The remark warns."""
    folded = _lead(text)
    return bool(
        _MARK.match(text)
        or _STOP.search(text)
        or _WARNING.match(folded)
        or _WARNING_INSIDE.search(folded)
    )


def is_shout(text: str) -> bool:
    """Whether the line shouts STOP."""
    return bool(_STOP.search(text))


def speaks_of_loss(text: str) -> bool:
    """The warning is about something that does not come back."""
    return bool(_LOSS.search(fold(text)))


def is_preferred(text: str) -> bool:
    return bool(_PREFERRED.search(fold(text)))


def is_gate(text: str) -> bool:
    """The line asks to wait for a person."""
    return bool(_GATE.match(fold(text)))


def is_negated(text: str) -> bool:
    """The words say not to do it."""
    return bool(_NEGATED.search(fold(text)) or "❌" in text or "🚫" in text)


def tidy(comment: str) -> str:
    """A comment without its marks and drawn lines."""
    return plain(re.sub(r"^[\s#*=\-–—/]+|[\s=*#\-]+$", "", comment))


@remember_short
def _lead(text: str) -> str:
    return re.sub(r"^(?:\d{1,2}[.):] )?[^\w一-鿿؀-ۿ]*", "", fold(text))
