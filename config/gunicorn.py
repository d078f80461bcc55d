"""Settings of gunicorn, for the embedded run and for containers: `gunicorn -c python:config.gunicorn config.wsgi`."""

from django.conf import settings

from config import environment

bind = f"{environment.value('BIND', '127.0.0.1')}:{environment.port('PORT', 8000)}"
worker_class = "gthread"
# One writer at a time is all SQLite has; more processes would only wait for each other.
workers = environment.integer("WEB_WORKERS", 1 if settings.EMBEDDED else 2, at_least=1)
threads = environment.integer("WEB_THREADS", 8, at_least=1)
timeout = 120
graceful_timeout = 6  # the supervisor kills after eight seconds
keepalive = 5
forwarded_allow_ips = environment.value("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
control_socket_disable = True  # it would lie in the home directory, shared by every portal of this user
proc_name = "portal-web"
