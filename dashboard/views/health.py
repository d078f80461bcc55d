"""Health of the process and of what it needs; no sign-in, a few milliseconds."""

import hmac
import ipaddress
import logging
import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboard.statistics import metrics_lines

logger = logging.getLogger(__name__)
FREE_BYTES_WANTED = 500 * 1024 * 1024  # below this an import of the largest file could fill the disk
_migrated = False  # a process that has once seen all migrations applied need not look again


@require_safe
def healthz(request):
    """Answer 200 as long as the process can answer at all."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request):
    """Answer every check with its result and time in milliseconds; 503 when one of them fails."""
    checks = {}
    for name, check in (("database", _database), ("broker", _broker), ("disk", _disk), ("migrations", _migrations)):
        started = time.perf_counter()
        try:
            problem = check()
        except Exception as error:  # a broken part must become an answer, whatever it raises
            logger.warning("readiness check %s failed: %s", name, type(error).__name__)
            problem = type(error).__name__
        checks[name] = {"ok": not problem, "ms": round((time.perf_counter() - started) * 1000, 1)}
        if problem:
            checks[name]["problem"] = problem
    ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"status": "ready" if ready else "degraded", "checks": checks}, status=200 if ready else 503)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return ""


def _broker() -> str:
    if settings.REDIS_URL:
        import redis  # only a server installation has a Redis to ask

        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
        return ""
    folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"])
    return "" if folder.is_dir() else "the folder of the embedded broker is missing"


def _disk() -> str:
    free = min(shutil.disk_usage(folder).free for folder in (settings.VAR_DIR,))
    return "" if free >= FREE_BYTES_WANTED else f"only {free // 1048576} MB free"


def _migrations() -> str:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return f"{len(missing)} migrations not applied"
        _migrated = True
    return ""


@require_safe
def metrics(request):
    """Answer counters in the text format of Prometheus; from this machine, or with METRICS_TOKEN as bearer token."""
    if not _may_read_metrics(request):
        raise Http404
    try:
        lines = metrics_lines()
    except DatabaseError:
        return HttpResponse("# database unavailable\n", status=503, content_type="text/plain; version=0.0.4")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read_metrics(request) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    if request.headers.get("X-Forwarded-For"):  # a proxy stands before us: its own address proves nothing
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
