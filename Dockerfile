# The operator's image: Python and the locked dependencies on a base without shell and package manager.
#
#   docker build -t registry.example.com/model-operator .
#
# Where a base cannot be pulled, name your own copy of it (make image does so with BUILD_ARGS):
#
#   docker build --build-arg BUILD_IMAGE=mirror.example.com/python:3.13-slim-trixie \
#                --build-arg RUNTIME_IMAGE=mirror.example.com/distroless/python3-debian13:nonroot .
#
# Both must have the same Python, 3.13: compiled modules go from the one to the other.
ARG BUILD_IMAGE=docker.io/library/python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285
ARG RUNTIME_IMAGE=gcr.io/distroless/python3-debian13:nonroot@sha256:0e52dfee02b1aba142e77b004f6ea11210b79456b51f10d70e9bd631cbc21d98

FROM ${BUILD_IMAGE} AS build
COPY requirements/runtime.txt /tmp/requirements.txt
RUN python3 -m pip install --no-cache-dir --require-hashes --only-binary=:all: --no-deps --no-compile \
        --target=/app -r /tmp/requirements.txt
COPY operator/model_operator /app/model_operator
COPY operator/model_operator_simulator /app/model_operator_simulator
# The Kubernetes client is two clients, each with a module for every group and type of Kubernetes: two thirds of all
# here. The operator speaks JSON, and uses the asynchronous one's group of Leases; Kopf looks at the other's metadata.
# Bytecode belongs into the image: at run time its file system is read-only. By hash and unchecked, because file
# times differ between builds; not of the types that are left, of which a dozen is loaded.
RUN find /app/kubernetes/client/api /app/kubernetes/client/models /app/kubernetes/aio/client/api -name '*.py' \
        ! -name '__init__.py' ! -name 'coordination_v1_api.py' ! -name 'v1_object_meta.py' \
        ! -name 'v1_managed_fields_entry.py' ! -name 'v1_owner_reference.py' -delete \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/aio/client/models/' /app

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=""
LABEL org.opencontainers.image.title="model-operator" \
      org.opencontainers.image.description="Runs models on remote inference providers from Kubernetes YAML" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /app /app
# HOME and LOGNAME, because the user that OpenShift chooses has no entry in /etc/passwd: libraries ask for both.
ENV HOME=/tmp \
    LOGNAME=model-operator \
    PYTHONPATH=/app \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that runAsNonRoot can be checked. OpenShift chooses another one, which works as well.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/bin/python3", "-m", "model_operator"]
CMD ["run"]
