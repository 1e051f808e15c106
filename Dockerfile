# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/console
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY rollback_console rollback_console
# Only what the console needs: it runs from its own folder, where its templates are.
RUN PIP_CONSTRAINT=constraints.txt /opt/console/bin/pip install --no-cache-dir . \
    && /opt/console/bin/pip uninstall --yes rollback-console

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/console --shell /usr/sbin/nologin console
ENV PATH=/opt/console/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HOST=0.0.0.0
WORKDIR /srv/console
COPY --from=build /opt/console /opt/console
COPY manage.py ./
COPY rollback_console rollback_console
COPY templates templates
COPY static static
RUN mkdir /data && chown console /data
USER console
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "rollback_console"]
CMD ["web"]
