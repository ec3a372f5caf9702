# One image for every stage: al-job and what it needs, nothing else; and one without torch (`--target slim`).
# docs/container-image.md tells how to use them.
#
# The tag fixes Python's minor version and Debian's release, not the bytes. No digest is given here,
# since none could be looked up and tried where this was written: where you can reach a registry,
# give your own, as in --build-arg BASE=python:3.13-slim-trixie@sha256:...
ARG BASE=python:3.13-slim-trixie

# The libraries, before the source: a change of the code does not install them again.
FROM ${BASE} AS libraries
RUN [ -x /usr/bin/tini ] || { apt-get update && apt-get install -y --no-install-recommends tini; }
ARG PIP_INDEX_URL
ARG TORCH_INDEX
# requirements-extras.txt has the extras, too.
ARG REQUIREMENTS=requirements.txt
WORKDIR /build
COPY ${REQUIREMENTS} requirements.txt
# The lock has the hashes of the package index's torch, which brings CUDA on Linux. From another
# index come torch and torchvision of the same versions, with whatever they need there, unhashed.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/al-job && \
    pip="pip --python /opt/al-job/bin/python" && \
    if [ -z "${TORCH_INDEX}" ]; then \
        $pip install --no-compile --require-hashes -r requirements.txt; \
    else \
        awk '/^[a-z]/ { cuda = /^(torch|torchvision|triton|cuda-|nvidia-)/ } !cuda' requirements.txt > others.txt && \
        $pip install --no-compile --require-hashes -r others.txt && \
        $pip install --no-compile --index-url "${TORCH_INDEX}" $(awk '/^torch(vision)?==/ { print $1 }' requirements.txt); \
    fi && \
    # torch as it was published makes a layer of its own: 5 GB that other updates leave alone.
    cd /opt/al-job/lib/python3*/site-packages && mkdir -p "/torch$PWD" && \
    find . -maxdepth 1 \( -name 'torch*' -o -name 'functorch*' -o -name 'triton*' -o -name 'cuda*' -o -name 'nvidia*' \) \
        -exec mv -t "/torch$PWD" {} + && \
    # What nothing here imports: tests, sources in C, Kubernetes' asyncio client and what it alone
    # needs, services of AWS other than storage and log-in, Arrow's Flight and its own S3 client.
    $pip uninstall --yes aiohappyeyeballs aiohttp aiohttp-retry aiosignal frozenlist multidict propcache yarl && \
    rm -rf kubernetes/aio && \
    find matplotlib mpl_toolkits mpmath networkx numpy pyarrow sympy -name tests -prune -exec rm -rf {} + && \
    find . -regex '.*\.\(c\|cpp\|h\|hpp\|pxd\|pxi\|pyi\|pyx\)' -delete && \
    find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name signin ! -name sso ! -name sso-oidc ! -name sts \
        -exec rm -rf {} + && \
    rm -f pyarrow/_flight* pyarrow/_s3fs* pyarrow/libarrow_flight* pyarrow/libarrow_python_flight* pyarrow/libarrow_s3* && \
    # Of matplotlib: sample data, and metrics of fonts for PDF and PostScript.
    rm -rf matplotlib/mpl-data/sample_data matplotlib/mpl-data/fonts/afm matplotlib/mpl-data/fonts/pdfcorefonts && \
    # Two more copies of libraries that are only ever loaded by their third name, .so.NUMBER.
    rm -f pyarrow/libarrow_python*.so pyarrow/libarrow_python*.so.*.*.* && \
    # The root file system is read-only later. The hash, never checked, makes the same bytes each time.
    python -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /torch /torch /opt/al-job/lib

# The package itself.
FROM ${BASE} AS code
ARG PIP_INDEX_URL
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install hatchling==1.33.0 && python -m venv --without-pip /opt/al-job
WORKDIR /build
COPY LICENSE README.md pyproject.toml ./
COPY job job
RUN pip wheel --no-deps --no-build-isolation --wheel-dir . . && \
    pip --python /opt/al-job/bin/python install --no-deps --no-compile --root /code al_voc-*.whl && \
    python -m compileall -q --invalidation-mode unchecked-hash -s /code /code

# What both container images have before any library: Python compiled, a place for the store, and how to start.
FROM ${BASE} AS python
# Python's images come without their own library's compiled files.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/(dist|site)-packages/|/test/' \
    "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
# Group 0 may write too: some clusters run a container as an arbitrary user of that group.
RUN install -d -o 65532 -g 0 -m 775 /state
COPY --from=libraries /usr/bin/tini /usr/bin/tini
ENV PATH=/opt/al-job/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    AL_STORE=/state \
    AL_CACHE=/tmp/al-voc \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    TORCH_HOME=/tmp/torch
USER 65532:0
WORKDIR /state
# Without -g: tini passes a signal to al-job alone, whose workers have to outlive it for a last save.
ENTRYPOINT ["tini", "--", "al-job"]
ARG BASE
LABEL org.opencontainers.image.title="al-voc" \
      org.opencontainers.image.description="Active learning for object detection as a batch job" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE}"

# `--target slim`: without torch, for what needs none: the driver, the ingest, most of select and annotate.
FROM python AS slim
COPY --from=libraries /opt/al-job /opt/al-job
COPY --from=code /code /
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

FROM python
COPY --from=libraries /torch /
COPY --from=libraries /opt/al-job /opt/al-job
COPY --from=code /code /
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
