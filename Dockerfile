# Three stages: the page's JavaScript, the wheel, and what runs: no compiler, no root, no npm.
FROM node:22-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit
COPY maps/assets.mjs maps/assets.mjs
COPY maps/page maps/page
RUN npm run assets

FROM python:3.12-slim-bookworm AS wheel
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/tidegrid \
    && /opt/tidegrid/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY geo geo
COPY data data
COPY maps maps
COPY --from=assets /build/maps/static/vendor maps/static/vendor
COPY --from=assets /build/maps/static/built maps/static/built
RUN pip wheel --no-cache-dir --no-deps -w dist . \
    && /opt/tidegrid/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home tidegrid
COPY --from=wheel /opt/tidegrid /opt/tidegrid
ENV PATH=/opt/tidegrid/bin:$PATH HOST=0.0.0.0 PORT=8000 PYTHONUNBUFFERED=1
USER tidegrid
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=4)"]
ENTRYPOINT ["tidegrid"]
CMD ["serve", "--workers", "2"]
