"""Which site Django's admin is; apart from `apps.py`, where Django looks for one app only."""

from django.contrib.admin.apps import AdminConfig


class AlohaAdminConfig(AdminConfig):
    """Django's admin on our own site."""

    default_site = "aloha_site.support_site.SupportSite"
