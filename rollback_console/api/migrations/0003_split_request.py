"""The scope `request` no longer keeps plans nor operates: tokens made before keep all three."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def keep_rights(apps: Any, _schema_editor: Any) -> None:
    """Add `plans` and `operate` to every token with `request`."""
    for token in apps.get_model("api", "Token").objects.all():
        if "request" in token.scopes:
            token.scopes = list(dict.fromkeys([*token.scopes, "plans", "operate"]))
            token.save(update_fields=["scopes"])


class Migration(migrations.Migration):
    dependencies = [("api", "0002_token_limits")]
    operations = [migrations.RunPython(keep_rights, migrations.RunPython.noop)]
