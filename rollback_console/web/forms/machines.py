"""Hosts and the credentials that open them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollback_console.plans.actions.hosts import RECORDED
from rollback_console.plans.errors import PlanError
from rollback_console.plans.inventory.host_lists import LONGEST_TEXT
from rollback_console.plans.inventory.typed_hosts import read_host_address, read_host_name
from rollback_console.plans.models import Credential, Environment, Host, HostGroup
from rollback_console.remote.keys import KeyLines, open_private_key, read_key_lines

from .base import ConsoleForm, DrawnForm, Undecorated, preselect_only

_SECRET_PARTS = ("private_key", "passphrase", "password")


class CredentialForm(DrawnForm, forms.ModelForm):  # type: ignore[type-arg]
    """A way to sign in. Its secret parts are only ever written: empty keeps what is there."""

    private_key = forms.CharField(
        label=_("Private key"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("In OpenSSH or PEM form. Never shown again."),
    )
    passphrase = forms.CharField(
        label=_("Passphrase of the key"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password = forms.CharField(
        label=_("Or a password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "Prefer a key: it can be revoked on one host without changing the others. "
            "A password of fewer than 6 characters cannot be masked in logs."
        ),
    )

    class Meta:
        model = Credential
        fields = ["name", "username", "private_key", "passphrase", "password", "certificate"]
        labels = {
            "name": _("Name"),
            "username": _("SSH user"),
            "certificate": _("Certificate for the key"),
        }
        widgets = {"certificate": forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draw_from(self.instance)
        # The stored values must not even reach the form: a page could show them again.
        self._kept = {part: getattr(self.instance, part) for part in _SECRET_PARTS}
        for part in _SECRET_PARTS:
            self.initial[part] = ""

    def clean(self) -> dict[str, Any]:
        """Keep what was left empty; a key must open with its passphrase."""
        values = super().clean() or {}
        for part in _SECRET_PARTS:
            values[part] = values.get(part) or self._kept[part]
        values["private_key"] = values["private_key"].replace("\r\n", "\n")
        if not values["private_key"].strip() and not values["password"]:
            self.add_error("private_key", _("Enter a private key, or a password below."))
        elif values["private_key"].strip() and (wrong := _wrong_key(values)):
            self.add_error("private_key", wrong)
        return values


class KeysForm(Undecorated, forms.Form):
    """Public keys that somebody read off a host, or that no host may show any more."""

    keys = forms.CharField(
        label=_("Public keys of the host"),
        error_messages={"required": _("There is no key in this text.")},
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_(
            "For a host that cannot be scanned: behind a jump host, or in another network "
            "zone. One key per line, as cat /etc/ssh/ssh_host_*_key.pub prints them on the host. "
            "A line of known_hosts that begins with @revoked is refused for ever, on every host."
        ),
    )

    def clean_keys(self) -> KeyLines:
        """Every line a key."""
        try:
            return read_key_lines(self.cleaned_data["keys"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class PastedForm(ConsoleForm):
    """A text that is pasted, or read from a file."""

    text = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"})
    )
    file = forms.FileField(label=_("Or a file"), required=False)

    def clean(self) -> dict[str, Any]:
        """The text of the file goes into the field, so that it is shown with what comes of it."""
        values = super().clean() or {}
        if values.get("file"):
            data = values["file"].read(LONGEST_TEXT + 1)
            values["text"] = data.decode("utf-8-sig", errors="replace")
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["text"] = values["text"]  # type: ignore[index]
        if not (values.get("text") or "").strip():
            self.add_error("text", _("Paste a list, or choose a file."))
        return values


class KeyListForm(PastedForm):
    """Host keys or their fingerprints, from a source that a person trusts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = self.fields["text"]
        text.label, text.widget.attrs["rows"] = _("Compare with a trusted list"), 4
        text.help_text = _(
            "Lines of known_hosts, of ssh-keyscan, or of ssh-keygen -l, read on the hosts or kept "
            "by whoever made them. What ssh-keyscan reads over the same network proves nothing."
        )


class HostListForm(PastedForm):
    """Hosts as another tool lists them, and what the list does not say of each."""

    field_order = ["environment", "credential", "text", "file"]
    environment = forms.ModelChoiceField(
        Environment.objects.all(), label=_("Environment"), empty_label=_("choose")
    )
    credential = forms.ModelChoiceField(
        Credential.objects.all(),
        required=False,
        empty_label=_("none"),
        label=_("Credential"),
        help_text=_("For hosts whose account the list does not name, or several credentials fit."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("The list")
        self.fields["text"].help_text = _(
            "The output of ansible-inventory --list, an OpenSSH client configuration, CSV "
            "(name,address,port,account,groups,jump) or lines: app-1 deploy@10.0.0.1:22 app web"
        )
        preselect_only(self, "environment")

    def list_chosen(self) -> tuple[str, Environment, Credential | None]:
        """The text, the environment, and the credential for what names none."""
        values = self.cleaned_data
        return values["text"], values["environment"], values["credential"]


class HostForm(DrawnForm, forms.ModelForm):  # type: ignore[type-arg]
    """A machine, how to reach it and which groups it belongs to."""

    class Meta:
        model = Host
        fields = [*RECORDED]
        labels = {
            "name": _("Name"),
            "address": _("Address"),
            "environment": _("Environment"),
            "credential": _("Credential"),
            "jump": _("Jump host"),
            "groups": _("Groups"),
            "runner": _("What runs commands there"),
            "older_algorithms": _("Allow older algorithms"),
        }
        help_texts = {
            "address": _("A name or an IP address; with a port as app-1:2222 or [::1]:2222."),
            "jump": _("A host to connect through. Both host keys are checked."),
            "groups": _("Several with Ctrl or Cmd. Groups are made on the environment's page."),
            "runner": _(
                "Python 3.6 or newer costs the host less. What already runs there goes on."
            ),
            "older_algorithms": _(
                "CBC ciphers and message authentication by SHA-1 and MD5, for a machine whose sshd"
                " speaks nothing newer. Update it instead where you can."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draw_from(self.instance, *RECORDED)
        self.fields["runner"].required = False
        groups = HostGroup.objects.select_related("environment")
        jumps = Host.objects.exclude(pk=self.instance.pk)
        _choose(self, "jump", jumps, _("none: connect directly"))
        _choose(self, "environment", Environment.objects.all(), _("choose"))
        _choose(self, "groups", groups, None)
        if self.instance.pk is None:
            preselect_only(self, "environment", "credential")
        labels = lambda group: f"{group.environment.name}: {group.name}"  # noqa: E731
        self.fields["groups"].label_from_instance = labels  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """A name that plans can write; one that is kept may be older than the rule."""
        name: str = self.cleaned_data["name"]
        return name if name == self.initial.get("name") else _typed(read_host_name, name)

    def clean_runner(self) -> str:
        """What is not typed stays as it is."""
        runner: str = self.cleaned_data["runner"] or self.instance.runner
        return runner

    def clean(self) -> dict[str, Any]:
        """The address without its port; a host's groups belong to its environment."""
        values = super().clean() or {}
        try:
            typed = values.get("address", ""), values.get("port") or 22
            values["address"], values["port"] = read_host_address(*typed)
        except PlanError as error:
            self.add_error("address", str(error))
        for group in values.get("groups") or []:
            if group.environment != values.get("environment"):
                self.add_error(
                    "groups",
                    _("The group {group} belongs to {environment}.").format(
                        group=group, environment=group.environment
                    ),
                )
        return values


def _typed(read: Callable[[str], str], text: str) -> str:
    try:
        return read(text)
    except PlanError as error:
        raise forms.ValidationError(str(error)) from error


def _choose(form: HostForm, name: str, rows: Any, empty: Any) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = rows
        field.empty_label = empty


def _wrong_key(values: dict[str, Any]) -> str:
    """By what signing in would say of it, so that nothing is kept that fails there."""
    try:
        open_private_key(values["private_key"], values["passphrase"])
    except ValueError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}."
    return ""
