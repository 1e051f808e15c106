"""The forms in which a secret may come back from a host: as it is, quoted, escaped, encoded."""

from __future__ import annotations

import html
import json
import re
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 6  # bytes; a shorter secret would mask half of any log
LONG = 512  # bytes; of a longer text, which has lines, only the common forms are looked for
WIDTHS = (64, 76)  # columns at which base64 is wrapped
DUMPED = 16  # bytes in a line of xxd and hexdump
PLAIN_PIECE = 8  # bytes of a secret that are told from a word beside a hexadecimal dump
_SHELL = re.compile(r"""[\s!"#$&'()*;<>?\[\\\]^`{|}~]""")
_SHELL_OR_COMMA = re.compile(r"""[\s!"#$&'()*,;<>?\[\\\]^`{|}~]""")
_SHELL_INSIDE = re.compile(r"""[\s!"$&'()*,;<>?\[\\\]^`{|}]""")
_DOUBLE_QUOTED = re.compile(r'["$`\\]')
_ESCAPE = re.compile(r"\\u[0-9a-f]{4}")
_BRIEF = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\\": r"\\", "'": r"\'", "\x1b": r"\E"}
_C_BRIEF = {"\t": r"\t", "\n": r"\n", "\v": r"\v", "\f": r"\f", "\r": r"\r"}


def needles(secret: str) -> set[bytes]:
    """Every form of a secret that is looked for, of the whole and of each of its lines.

    Plain, as `printf %q` and other quoting write it, in JSON, HTML and URLs, and in hexadecimal,
    base32, base64 and base64 of base64, wherever in a longer text these begin.
    """
    forms: set[bytes] = set()
    for text in {secret, secret.strip(), *(line.strip() for line in secret.splitlines())}:
        raw = as_bytes(text)
        if len(raw) >= SHORTEST:
            forms |= _forms(text, raw)
    forms |= _wrapped(secret) | _one_line(secret)
    return {form for form in forms if len(form) >= SHORTEST}


def as_bytes(text: str) -> bytes:
    """What a host may have been sent for it; half a character, which no host is sent, as it is."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _forms(text: str, raw: bytes) -> set[bytes]:
    written = {text, *_json(text), *_html(text), *_shell(text), *_url(raw)}
    forms = {raw, *map(as_bytes, written), *_hex(raw)}
    single = _base64(raw)
    if len(raw) > LONG:
        return forms | single
    forms |= _escaped(text, raw)
    double = {form for inner in single for form in _base64(inner)}
    return forms | single | double | _base32(raw)


def _json(text: str) -> Iterator[str]:
    once = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(form, ensure_ascii=False)[1:-1] for form in once}
    for form in once | twice:
        # As PHP writes a slash, and as those do who put JSON into HTML.
        for each in (form, form.replace("/", "\\/"), _inert(form, "<>&"), _inert(form, "<>&'")):
            yield each
            yield _ESCAPE.sub(lambda match: "\\u" + match[0][2:].upper(), each)


def _inert(form: str, special: str) -> str:
    return "".join(f"\\u{ord(each):04x}" if each in special else each for each in form)


def _html(text: str) -> Iterator[str]:
    plain = html.escape(text, quote=False)
    for quotation in ("&quot;", "&#34;", '"'):
        for apostrophe in ("&#x27;", "&#39;", "&#039;", "&apos;", "'"):
            yield plain.replace('"', quotation).replace("'", apostrophe)


def _shell(text: str) -> Iterator[str]:
    for special in (_SHELL, _SHELL_OR_COMMA, _SHELL_INSIDE):
        yield special.sub(r"\\\g<0>", text)
    yield text.replace("'", "'\\''")
    yield text.replace("'", "'\"'\"'")
    yield _DOUBLE_QUOTED.sub(r"\\\g<0>", text)
    for sign in "'\"$%":  # as SQL and CSV, make and Compose, systemd and cron write one
        yield text.replace(sign, sign + sign)
    brief = _replace_each(text, _BRIEF)
    yield brief
    yield _octal(brief)
    yield from _gnu_quoted(text)
    yield from _c_quoted(text)


def _gnu_quoted(text: str) -> Iterator[str]:
    """As `ls`, `cat`, `rm` and others of GNU name a file, in UTF-8 and in the C locale."""
    for unprintable in (r"[\x00-\x1f\x7f]+", r"[^ -~]+"):
        quoted = re.sub(f"({unprintable})?(')|({unprintable})", _gnu_piece, text)
        yield quoted.removeprefix("'$'").removesuffix("''")


def _gnu_piece(match: re.Match[str]) -> str:
    unprintable, apostrophe = match[1] or match[3], match[2]
    start = "'$'" + _octal(_replace_each(unprintable, _C_BRIEF)) if unprintable else ""
    return start + (r"'\''" if apostrophe else "''")


def _c_quoted(text: str) -> Iterator[str]:
    """Between double quotes as C and git, and as Perl write it."""
    for special in ('"\\', '"\\$@'):
        escapes = _C_BRIEF | {each: f"\\{each}" for each in special}
        yield _replace_each(text, escapes)
        yield _octal(_replace_each(text, escapes))


def _replace_each(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(each, each) for each in text)


def _octal(text: str) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in as_bytes(text))


def _url(raw: bytes) -> set[str]:
    forms = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    forms |= {quote(raw, safe="-_.!~*'()"), quote(raw, safe="-_.!~*'();/?:@&=+$,#")}
    return forms | {_lower_hex(form) for form in forms}


def _lower_hex(form: str) -> str:
    first, *rest = form.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _hex(raw: bytes) -> set[bytes]:
    forms = {raw.hex().encode(), raw.hex(" ").encode(), raw.hex(":").encode()}
    return forms | {form.upper() for form in forms}


def _escaped(text: str, raw: bytes) -> set[bytes]:
    """As languages write a text or its bytes where not all of it may stand as it is."""
    every = "".join(f"\\x{byte:02x}" for byte in raw).encode()
    some = b"".join(
        bytes([byte]) if 32 <= byte < 127 else f"\\x{byte:02x}".encode() for byte in raw
    )
    forms = {every, some, repr(raw)[2:-1].encode()}
    forms |= {
        re.sub(rb"\\x..", lambda match: b"\\x" + match[0][2:].upper(), each) for each in forms
    }
    return forms | {text.encode("unicode_escape", "replace")}


def _dumped(raw: bytes) -> set[bytes]:
    """In lines of xxd and hexdump, wherever in a line it begins: each line's part of it, in
    hexadecimal and beside it."""
    forms: set[bytes] = set()
    for column in range(DUMPED):
        starts = [0, *range(DUMPED - column, len(raw), DUMPED)]
        for start, end in zip(starts, [*starts[1:], len(raw)], strict=True):
            if end - start >= SHORTEST:
                at = 0 if start else column
                forms |= _dumped_part(raw[start:end], at, whole=end - start == len(raw))
    return forms


def _dumped_part(part: bytes, column: int, *, whole: bool) -> set[bytes]:
    pairs = [f"{byte:02x}" for byte in part]
    canonical = grouped = pairs[0]
    for at, pair in enumerate(pairs[1:], start=column + 1):
        canonical += ("  " if at == DUMPED // 2 else " ") + pair
        grouped += ("" if at % 2 else " ") + pair
    forms = {canonical.encode(), grouped.encode(), grouped.upper().encode()}
    if not whole and len(part) >= PLAIN_PIECE:
        shown = bytes(byte if 32 <= byte < 127 else ord(".") for byte in part)
        forms |= {b"|" + shown, shown + b"|", b"  " + shown, shown + b"\n"}
    return forms


def _base64(raw: bytes) -> set[bytes]:
    """Without the characters at either end that also depend on the neighbours."""
    forms = set()
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        padded = bytes(before) + raw
        forms |= {b64encode(padded)[first:last], urlsafe_b64encode(padded)[first:last]}
    return forms


def _base32(raw: bytes) -> set[bytes]:
    """The same, of five places it can begin at."""
    forms = set()
    for before in range(5):
        first, last = -(-before * 8 // 5), (before + len(raw)) * 8 // 5
        forms.add(b32encode(bytes(before) + raw)[first:last])
    return forms


def _wrapped(secret: str) -> set[bytes]:
    """The lines of its base64, as `base64` and `openssl` wrap them."""
    encoded = {b64encode(as_bytes(text)) for text in (secret, secret.strip(), secret + "\n")}
    return {
        form[start : start + width]
        for form in encoded
        for width in WIDTHS
        if len(form) > width
        for start in range(0, len(form), width)
    }


def _one_line(secret: str) -> set[bytes]:
    """Forms of a password or token that has lines of its own only where a tool breaks them; of
    each line of a key these would be too many."""
    text = secret.strip()
    raw = as_bytes(text)
    if not SHORTEST <= len(raw) <= LONG or len(text.splitlines()) > 1:
        return set()
    return _dumped(raw) | _broken(raw)


def _broken(raw: bytes) -> set[bytes]:
    """Its base64 within that of a longer text, where a line of it ends in the middle."""
    forms: set[bytes] = set()
    for form in _base64(raw):
        for width in WIDTHS:
            for first in range(1, min(width, len(form))):
                lines = [
                    form[:first],
                    *(form[at : at + width] for at in range(first, len(form), width)),
                ]
                forms |= {b"\n".join(lines), b"\r\n".join(lines)}
    return forms
