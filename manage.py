#!/usr/bin/env python
"""Run a management command: `python manage.py COMMAND`. Exit codes: 0 good, 1 found something, 2 wrong use."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.stderr.write(f"配置有误：{error}\n")
        sys.exit(2)
