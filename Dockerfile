# sandtable in a container, for pipelines that run their jobs in images. `make image` builds a wheel, then this.
# docs/ci.md says how it is run, and which of Docker's options containment takes.

# Any Debian or Ubuntu with Python 3.11 or newer.
ARG BASE=python:3.12-slim-bookworm
FROM ${BASE}

RUN if ! command -v bwrap > /dev/null || ! command -v git > /dev/null; then \
      apt-get update -qq && apt-get install -qq -y --no-install-recommends bubblewrap git && rm -rf /var/lib/apt/lists/*; \
    fi

COPY dist/ constraints.txt /opt/sandtable/
# What is installed beside it: here a Terraform.
ARG EXTRAS=[terraform]
RUN set -- /opt/sandtable/*.whl && \
    python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
      -c /opt/sandtable/constraints.txt "sandtable$EXTRAS @ file://$1"

# Any user may have the cache, so that --user can be the owner of what is mounted.
RUN python3 -c "import os; os.makedirs('/home/sandtable'); os.chmod('/home/sandtable', 0o1777)"
ENV HOME=/home/sandtable
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["sandtable"]
CMD ["--help"]
