# One image for web, worker, beat and migrate; docker-compose.yml says what each runs.
FROM debian:bookworm-slim

WORKDIR /app
COPY requirements requirements
COPY bin/image-build bin/image-build
RUN bin/image-build packages
COPY . .
RUN bin/image-build site

ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DEBUG=False \
    DEMO=False \
    NUMBA_CACHE_DIR=/app/compiled \
    STATIC_ROOT=/app/static-root \
    MEDIA_ROOT=/var/lib/jeweler/media \
    JEWELER_HOME=/var/lib/jeweler
USER jeweler
EXPOSE 8000
# A thread keeps its database connection as long as it lives, so idle threads live long.
CMD ["granian", "jeweler.wsgi:application", "--interface", "wsgi", "--host", "0.0.0.0", \
     "--port", "8000", "--workers", "2", "--blocking-threads", "4", \
     "--blocking-threads-idle-timeout", "600", "--respawn-failed-workers", \
     "--workers-kill-timeout", "30", "--log-level", "warning"]
