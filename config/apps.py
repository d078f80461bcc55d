"""The admin site of this project stands in for Django's."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """Django's admin with our site: second factor, own sign-in, scoped index."""

    default_site = "config.admin.PortalAdminSite"
