# One image for the crawler and for the desk: see compose.yaml. Nothing in it runs as root.
# Behind a mirror: --build-arg BASE=mirror.example/python:3.12-slim-bookworm (any Debian with Python 3.11 or newer and venv).
ARG BASE=python:3.12-slim-bookworm
FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY founderwatch founderwatch
COPY models models
COPY pipelines pipelines
COPY spiders spiders
RUN python -m venv /opt/founderwatch \
    && /opt/founderwatch/bin/pip install --no-cache-dir --disable-pip-version-check . \
    && /opt/founderwatch/bin/pip uninstall --quiet --yes pip

FROM ${BASE}
COPY --from=build /opt/founderwatch /opt/founderwatch
RUN useradd --uid 10001 --no-log-init --no-create-home --home-dir /data --shell /usr/sbin/nologin founderwatch \
    && install -d -o founderwatch -g founderwatch /data
ENV PATH=/opt/founderwatch/bin:$PATH PYTHONUNBUFFERED=1
USER founderwatch
WORKDIR /data
VOLUME /data
ENTRYPOINT ["founderwatch"]
CMD ["doctor"]
