# curbwatch: broker, journal, rules, cases, API and console in one process.
FROM node:24.21.0-slim

ENV NODE_ENV=production
WORKDIR /app

# Nothing is compiled, and the image brings Node.js 24: no devDependency and no script is needed.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

COPY LICENSE ./
COPY src/ src/
COPY devices/ devices/
COPY simulators/ simulators/

RUN install --directory --owner=node --group=node --mode=0700 /data /app/node_modules/.cache/curbwatch
USER node
ENV CURBWATCH_DATA_DIR=/data \
    CURBWATCH_HTTP_HOST=0.0.0.0 \
    CURBWATCH_MQTT_HOST=0.0.0.0
VOLUME /data
EXPOSE 8080 1883

# Ready means that messages are taken and promised; a full disk is not ready.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CURBWATCH_HTTP_PORT || 8080}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

CMD ["node", "src/curbwatch.js", "start"]
