# One image for the crawler and for the desk: see compose.yaml. Nothing in it runs as root.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY founderwatch founderwatch
COPY models models
COPY pipelines pipelines
COPY spiders spiders
RUN python -m venv /opt/founderwatch \
    && /opt/founderwatch/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.12-slim-bookworm
COPY --from=build /opt/founderwatch /opt/founderwatch
RUN useradd --system --uid 10001 --home-dir /data founderwatch \
    && install -d -o founderwatch -g founderwatch /data
ENV PATH=/opt/founderwatch/bin:$PATH PYTHONUNBUFFERED=1
USER founderwatch
WORKDIR /data
VOLUME /data
ENTRYPOINT ["founderwatch"]
CMD ["doctor"]
