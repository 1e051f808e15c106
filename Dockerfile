# One image for web, worker and sweeper: docker build -t rollback-console .
ARG PYTHON=3.11.13-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_CONSTRAINT=/app/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
# What is installed depends on these alone, so a change of code does not install again.
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY rollback_console/__init__.py rollback_console/
# Sentry and OpenTelemetry are there, and asleep until they are set up; EXTRAS= leaves them out.
ARG EXTRAS=otel,sentry
RUN /venv/bin/pip install --editable ".${EXTRAS:+[$EXTRAS]}"

FROM python:${PYTHON}
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin console \
    && install --directory --owner=console --group=console --mode=0700 /data /archive
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# A checkout made under a strict umask is readable by its owner alone.
RUN chmod -R a+rX /app && python -m compileall -q rollback_console
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/bin/sh", "/app/scripts/container.sh"]
CMD ["web"]
