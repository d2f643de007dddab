# vllm-router (Apache-2.0), of which there is a package on PyPI: docker build -f deploy/vllm-router.Dockerfile deploy
ARG BASE=debian:trixie-slim
FROM ${BASE} AS build
SHELL ["/bin/sh", "-eux", "-c"]
# hadolint ignore=DL3008
RUN apt-get update; \
    apt-get install -y --no-install-recommends python3-venv; \
    rm -rf /var/lib/apt/lists/*; \
    python3 -m venv /opt/vllm-router; \
    /opt/vllm-router/bin/pip install --no-cache-dir vllm-router==0.1.17

FROM ${BASE}
SHELL ["/bin/sh", "-eux", "-c"]
# hadolint ignore=DL3008
RUN apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates python3; \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/vllm-router /opt/vllm-router
USER 10002:10002
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=600s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
ENTRYPOINT ["/opt/vllm-router/bin/vllm-router"]
