"""Aloha's settings, with a storage in which every process dies that stores a recording."""

from aloha_site.settings import *  # noqa: F403
from aloha_site.settings import STORAGES

STORAGES = STORAGES | {"default": {"BACKEND": "tests.peers.deadly_storage.DeadlyStorage"}}
