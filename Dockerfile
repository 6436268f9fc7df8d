# Two stages: build with the toolchain, run without it.

FROM swift:6.3-bookworm AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        libssl-dev zlib1g-dev libsqlite3-dev pkg-config \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
WORKDIR /src
# The dependencies first: they change seldom, and this layer is then reused.
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product muster --static-swift-stdlib \
    && mkdir -p /out && cp .build/release/muster /out/muster && strip /out/muster

FROM debian:bookworm-slim
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        ca-certificates libsqlite3-0 libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && mkdir -m 0700 /data && chown 65532:65532 /data
COPY --from=build /out/muster /usr/local/bin/muster
COPY config/muster.json /etc/muster/muster.json
# Listens to all addresses of the container, whose port is published on purpose and commonly to a
# proxy that speaks TLS. MUSTER_TLS_TERMINATED_IN_FRONT=false takes that back: Muster then starts
# only with MUSTER_TLS_CERTIFICATE_FILE and MUSTER_TLS_PRIVATE_KEY_FILE, which work either way.
ENV MUSTER_CONFIG=/etc/muster/muster.json MUSTER_DATA_DIR=/data MUSTER_HOST=0.0.0.0 \
    MUSTER_TLS_TERMINATED_IN_FRONT=true
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["muster", "healthcheck"]
ENTRYPOINT ["muster"]
CMD ["serve"]
