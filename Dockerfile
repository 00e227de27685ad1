FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements/base.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes -r requirements/base.txt
COPY . .
# Throw-away settings: collecting static files reads them all and uses none of these.
RUN SECRET_KEY=throw-away SEALING_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ALLOWED_HOSTS=localhost \
    DATABASE_URL=sqlite://:memory: REDIS_URL=redis://localhost \
    DISTRIBUTOR_URL=http://localhost DISTRIBUTOR_USER=nobody DISTRIBUTOR_KEY=throw-away \
    /venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin app
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001
EXPOSE 8000
# Asked under a name that the application answers to; .example.com and * are no names.
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os; from urllib.request import Request, urlopen; host = os.environ['ALLOWED_HOSTS'].split(',')[0].strip().lstrip('.*') or 'localhost'; urlopen(Request('http://127.0.0.1:8000/health', headers={'Host': host}), timeout=5)"]
CMD ["gunicorn", "reseller.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", \
    "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
