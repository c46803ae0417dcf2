"""Aloha's settings, with style and scripts collected under ALOHA_VAR_DIR."""

from aloha_site.settings import *  # noqa: F403
from aloha_site.settings import VAR_DIR

STATIC_ROOT = VAR_DIR / "staticfiles"
