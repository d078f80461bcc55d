#!/usr/bin/env python
"""Run a management command: `python manage.py COMMAND`. Exit codes: 0 good, 1 found something, 2 wrong use."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.core.management.base import SystemCheckError
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.stderr.write(f"配置有误：{error}\n")
        sys.exit(2)
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        reason = (str(error).strip().splitlines() or ["没有说明原因"])[0]
        sys.stderr.write(
            f"数据库用不了：{reason}。请检查 DATABASE_URL 和数据库是否在运行，新装的先运行 manage.py migrate；"
            "加 --traceback 看细节。\n"
        )
        sys.exit(2)
    except SystemExit as end:
        # Django says what the checks found and ends with 1, which here means that a command found something.
        if isinstance(end.__context__, SystemCheckError):
            sys.exit(2)
        raise
