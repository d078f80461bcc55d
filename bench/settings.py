"""The product's settings, and the flat table of the stock way as one more app."""

from config.settings import *  # noqa: F403 - settings modules are read as one namespace

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]  # noqa: F405
