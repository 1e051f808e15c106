"""Django reads these names here."""

from ..exact import *  # noqa: F403
