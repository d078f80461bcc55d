# One image, three duties: web (default), worker, beat. See docker-compose.yml and docs/operations.md.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    LANG=C.UTF-8

WORKDIR /app
RUN groupadd --gid 10001 portal && useradd --uid 10001 --gid portal --no-create-home --home-dir /nonexistent portal

COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt

COPY . .
# Static files are part of the image. Nothing the build needs (a throw-away SQLite and its keys) stays in it.
RUN python -m compileall -q . \
    && VAR_DIR=/tmp/build STATIC_ROOT=/app/staticfiles python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && install -d -o portal -g portal -m 700 /data /data/media

ENV VAR_DIR=/data \
    MEDIA_ROOT=/data/media \
    STATIC_ROOT=/app/staticfiles \
    BIND=0.0.0.0 \
    PORT=8000
USER portal
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Asked under the portal's own name: under any other the answer would be 400.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import os; \
from urllib.request import Request, urlopen; \
host = os.environ.get('ALLOWED_HOSTS', '127.0.0.1').split(',')[0].strip().lstrip('.*'); \
urlopen(Request('http://127.0.0.1:8000/healthz', headers={'Host': host or '127.0.0.1'}), timeout=4)"]
CMD ["gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
