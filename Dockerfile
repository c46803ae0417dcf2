# Aloha as an image: `web` serves pages, `media` calls, `worker` works in the background, and `migrate`
# prepares the database (see compose.yaml).
FROM python:3.13-slim-bookworm AS packages
COPY requirements.lock /tmp/
# Wheels only: nothing is compiled here, so the image needs no compiler.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/requirements.lock

FROM python:3.13-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=aloha_site.settings \
    ALOHA_VAR_DIR=/data
RUN useradd --system --uid 10001 --home-dir /data aloha \
    && install --directory --owner aloha --group aloha /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
# Collecting needs settings but no secret: this key lives for one command.
RUN SECRET_KEY=collecting-static-files-needs-no-secret-key-at-all-0123 PUBLIC_BASE_URL=http://localhost \
    python manage.py collectstatic --no-input
USER aloha
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import http.client, os, urllib.parse; \
host = urllib.parse.urlsplit(os.environ['PUBLIC_BASE_URL']).netloc; \
c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=2); \
c.request('GET', '/healthz', headers={'Host': host}); exit(c.getresponse().status != 200)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
