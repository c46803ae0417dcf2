"""Aloha's settings, with one more address for the measurement of webhooks."""

from aloha_site.settings import *  # noqa: F403

ROOT_URLCONF = "tests.peers.bare_webhook"
