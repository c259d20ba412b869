# One image, many commands: `lingbao web registration`, `lingbao worker notifications`, …

# Styles and scripts, built from web/ with what the npm lock file names.
FROM node:24-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc* ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web/ ./
RUN node build.mjs /static

FROM python:3.13-slim-bookworm AS build
RUN python -m venv /opt/lingbao
ENV PATH=/opt/lingbao/bin:$PATH
WORKDIR /src
COPY requirements-production.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-production.txt
COPY pyproject.toml README.md ./
COPY services/ services/
COPY --from=web /static/ services/chassis/static/
RUN pip install --no-cache-dir hatchling \
 && pip install --no-cache-dir --no-deps --no-build-isolation . \
 && pip uninstall -y hatchling pip \
 && for folder in $(python -c "import services,pathlib; print(*pathlib.Path(services.__file__).parent.glob('*/locale'))"); do \
      pybabel -q compile -f -D messages -d "$folder"; done

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/lingbao --create-home lingbao \
 && install -d -o lingbao /var/lib/lingbao/files /var/lib/lingbao/files/.spool
COPY --from=build /opt/lingbao /opt/lingbao
ENV PATH=/opt/lingbao/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LINGBAO_ENVIRONMENT=production \
    LINGBAO_LOG_FORMAT=json \
    LINGBAO_DATA_DIR=/var/lib/lingbao
USER 10001
WORKDIR /var/lib/lingbao
ENTRYPOINT ["lingbao"]
CMD ["--help"]
