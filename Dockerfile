# syntax=docker/dockerfile:1
#
# One static binary, its web pages in it, and nothing else: no shell, no package manager.
# It runs as 65532, and writes to /data alone, so the file system may be read-only:
#
#   docker build --build-arg VERSION=v1.2.3 -t tocsin .
#   docker run --read-only --cap-drop ALL -v tocsin:/data -v ./trust.pem:/trust.pem:ro \
#       -p 8080:8080 -p 127.0.0.1:8081:8081 -e TOCSIN_DESK_LISTEN=:8081 \
#       -e TOCSIN_DESK_ORIGIN=http://127.0.0.1:8081 tocsin serve --trust /trust.pem
#
# The desk is for staff alone, and listens on loopback unless told otherwise: that is the
# container's own, which nobody reaches.
#
# For production pin the images below by digest.

FROM node:22-bookworm-slim AS web
WORKDIR /src/web-client
COPY web-client/ ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund && npm run --silent build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
COPY --from=web /src/web-client/apps/portal/dist web-client/apps/portal/dist
COPY --from=web /src/web-client/apps/console/dist web-client/apps/console/dist
COPY --from=web /src/web-client/packages/client/dist web-client/packages/client/dist
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.stamped=${VERSION}" -o /out/tocsin ./cmd/tocsin \
    && mkdir -p /out/data

# Keys, certificates and a keyset for a first try (deploy/first-try). Never for patients.
FROM debian:bookworm-slim AS first-try
RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/tocsin /usr/local/bin/tocsin
COPY deploy/first-try/make.sh /make.sh
ENTRYPOINT ["/bin/sh", "/make.sh"]

FROM scratch AS tocsin
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/tocsin /tocsin
COPY --from=build --chown=65532:65532 --chmod=700 /out/data /data
USER 65532:65532
WORKDIR /data
ENV TOCSIN_DATA=/data
VOLUME /data
EXPOSE 8080 8081 9090
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=2 CMD ["/tocsin", "status", "--ready"]
ENTRYPOINT ["/tocsin"]
CMD ["serve"]
