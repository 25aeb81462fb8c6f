# Baton's image: the server and the worker are the same image with another command.
# Node runs the TypeScript sources as they are, so nothing but the console is compiled here.
FROM node:24-slim AS dependencies
WORKDIR /baton
COPY package.json package-lock.json ./
# No install scripts: none is needed. The Node among the packages goes, as the image has its own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node

# The console is the one thing that is built. It needs the development packages, which stay behind.
FROM node:24-slim AS console
WORKDIR /baton
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY console console
RUN node console/build.ts

FROM node:24-slim
# The worker reaches its providers and the cluster by TLS.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /baton
COPY --from=dependencies /baton/node_modules node_modules
COPY package.json baton.ts ./
COPY domain domain
COPY secrets secrets
COPY log log
COPY processes processes
COPY cli cli
COPY server server
COPY triggers triggers
COPY workflows workflows
COPY activities activities
COPY worker worker
COPY store store
COPY simulator simulator
COPY --from=console /baton/console console
# The only folders that are written to: mount them where the root file system is read-only.
RUN mkdir /data /heads && chown node:node /data /heads
# What the image is built from: shown with the runs that its workers carry out.
ARG BATON_COMMIT=""
LABEL org.opencontainers.image.revision=$BATON_COMMIT
ENV BATON_COMMIT=$BATON_COMMIT
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 BATON_DATA_DIR=/data
# The C library keeps freed memory in an arena for each of many threads: two, and large blocks given back, save a quarter.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
USER node
VOLUME ["/data", "/tmp"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# For new objects V8 would keep a hundred megabytes.
ENTRYPOINT ["node", "--max-semi-space-size=16", "baton.ts"]
CMD ["server"]
