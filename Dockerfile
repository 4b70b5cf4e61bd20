# Two images: `server` (genesis serve, no Elixir; the default) and `run` (genesis run, plan, analyze,
# with Elixir). docs/docker.md says how to use them, and what of this was tried without an engine.

# Debian alone, with its own Python and Elixir: what is installed here can be tried in any bare root
# file system of the same release, and every part of it gets Debian's security updates.
# No ARG: Dependabot would not see what stands behind it.
FROM debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f AS base
# hadolint ignore=DL3008 # Debian's mirrors drop a version when its fix comes: a pin would only break
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log
RUN groupadd --gid 10001 genesis \
 && useradd --uid 10001 --gid genesis --home-dir /cache --no-create-home --shell /usr/sbin/nologin genesis


FROM base AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/server.txt requirements/models.txt requirements/
# One environment builds, another one is shipped: it holds no pip and nothing that builds.
RUN python3 -m venv /opt/builder \
 && /opt/builder/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
      --requirement requirements/build.txt
RUN python3 -m venv --without-pip /opt/genesis \
 && /opt/builder/bin/pip --python /opt/genesis/bin/python install --no-cache-dir \
      --require-hashes --only-binary :all: --compile \
      --requirement requirements/server.txt --requirement requirements/models.txt
COPY pyproject.toml README.md LICENSE ./
COPY pipelines pipelines
COPY bot bot
RUN /opt/builder/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/builder/bin/pip --python /opt/genesis/bin/python install --no-cache-dir \
      --no-index --no-deps --compile /wheels/*.whl


FROM base AS run
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends bubblewrap elixir \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
 && install --directory --mode 1777 /state /cache /repo
COPY --from=build /opt/genesis /opt/genesis
ENV PATH=/opt/genesis/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    HOME=/cache \
    PYTHONDONTWRITEBYTECODE=1 \
    GENESIS_STATE_DIR=/state \
    GENESIS_CACHE_DIR=/cache
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="OTP-Genesis: run" \
      org.opencontainers.image.description="Finds, plans, fixes and verifies OTP problems in Elixir code bases; with Elixir" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim"
USER 10001:10001
WORKDIR /repo
VOLUME ["/state", "/cache"]
ENTRYPOINT ["genesis"]
CMD ["--help"]


FROM base AS server
RUN install --directory --owner genesis --group genesis --mode 0700 /state /cache
COPY --from=build /opt/genesis /opt/genesis
ENV PATH=/opt/genesis/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    HOME=/cache \
    PYTHONDONTWRITEBYTECODE=1 \
    GENESIS_STATE_DIR=/state \
    GENESIS_CACHE_DIR=/cache
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="OTP-Genesis: server" \
      org.opencontainers.image.description="The GitHub App that plans and makes OTP refactorings, stage by stage" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim"
USER 10001:10001
WORKDIR /state
VOLUME ["/state", "/cache"]
# 8080 takes webhooks; 8081 has the pages and metrics, which are for operators only.
EXPOSE 8080 8081
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/usr/bin/python3", "-ISc", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8081, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["genesis"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--pages-host", "0.0.0.0", "--pages-port", "8081"]
