"""What scripts say on pages; static/js/words.js looks each up by its English text."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

WORDS = (
    _("just now"),
    _("in under a minute"),
    _("{amount} ago"),
    _("in {amount}"),
    _("day"),
    _("days"),
    _("over"),
    _("Dark"),
    _("Light"),
    _("As the system"),
    _("This browser knows no passkeys here: they need https, and a host name."),
    _("That did not work. Nothing was changed; try again, or use another way."),
)
