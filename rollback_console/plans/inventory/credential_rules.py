"""What a credential may be made of, by whatever way it comes: a page, REST or a document."""

from __future__ import annotations

from rollback_console.documents.shell.hidden_characters import find_hidden
from rollback_console.remote.keys import open_private_key
from rollback_console.remote.shell_text import ACCOUNT_NAME

from ..models import Credential


def credential_problem(credential: Credential, changed: set[str]) -> str:
    """What is wrong with the parts that are `changed`, as a sentence; "" for good ones."""
    if "name" in changed and not _is_name(credential.name):
        return (
            "A credential's name is 1 to 100 characters that one can see, with no dash first and "
            "no space around it."
        )
    if "username" in changed and not _is_account(credential.username):
        return (
            "The SSH user is an account's name, such as deploy or deploy@corp.example: at most 64 "
            "letters, digits and . _ @ \\ + -, with a letter or _ first."
        )
    if changed & {"private_key", "passphrase"} and credential.private_key.strip():
        return _key_problem(credential)
    return ""


def _is_name(name: str) -> bool:
    odd = find_hidden(name.replace(" ", "")) or set("\t\n") & set(name)
    return 0 < len(name) <= 100 and name == name.strip() and name[0] != "-" and not odd


def _is_account(name: str) -> bool:
    return len(name) <= 64 and bool(ACCOUNT_NAME.fullmatch(name))


def _key_problem(credential: Credential) -> str:
    """By what signing in would say of it, so that nothing is kept that fails there."""
    try:
        open_private_key(credential.private_key, credential.passphrase)
    except ValueError as error:
        return f"{str(error)[0].upper()}{str(error)[1:]}."
    return ""
