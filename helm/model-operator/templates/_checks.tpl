{{/* What the schema cannot see: values that contradict each other. One message each, which says what to do. */}}

{{- define "model-operator.checks" -}}
{{- if not .Values.leaderElection.enabled }}
{{- if gt (int .Values.replicaCount) 1 }}
{{- fail "replicaCount is more than 1 and leaderElection.enabled is false: two operators would work on the same objects. Enable it, or set replicaCount: 1." }}
{{- end }}
{{- if eq (default "Recreate" .Values.strategy.type) "RollingUpdate" }}
{{- fail "strategy.type is RollingUpdate and leaderElection.enabled is false: two operators would work on the same objects during an update. Enable it, or set strategy.type: Recreate." }}
{{- end }}
{{- end }}
{{- if gt (int .Values.shards) 1 }}
{{- if not .Values.leaderElection.enabled }}
{{- fail "shards is more than 1 and leaderElection.enabled is false: each operator would work on all objects. Enable it, or set shards: 1." }}
{{- end }}
{{- if and (gt (int .Values.replicaCount) 0) (lt (int .Values.replicaCount) (int .Values.shards)) }}
{{- fail (printf "replicaCount is %d and shards is %d: an operator takes one shard, so nobody would look after the namespaces of the others. Set replicaCount: %d, one more than shards." (int .Values.replicaCount) (int .Values.shards) (add1 (int .Values.shards))) }}
{{- end }}
{{- end }}
{{- with .Values.podDisruptionBudget }}
{{- if and .enabled (eq (empty (toString .minAvailable)) (empty (toString .maxUnavailable))) }}
{{- fail "podDisruptionBudget: set either minAvailable or maxUnavailable. With one replica, minAvailable: 1 blocks every drain of its node; maxUnavailable: 1 does not." }}
{{- end }}
{{- end }}
{{- if and (not .Values.serviceAccount.create) .Values.rbac.create (not .Values.serviceAccount.name) }}
{{- fail "serviceAccount.create is false and serviceAccount.name is empty: the operator's roles would go to the namespace's default ServiceAccount. Name the one to use, or set rbac.create: false." }}
{{- end }}
{{- if and .Values.metrics.secure.enabled (not .Values.metrics.secure.secretName) }}
{{- fail "metrics.secure.enabled is true and metrics.secure.secretName is empty: name the Secret with the certificate, tls.crt and tls.key." }}
{{- end }}
{{- with .Values.webhooks }}
{{- if and (or .ingress.enabled .httpRoute.enabled) (not .enabled) }}
{{- fail "webhooks.ingress or webhooks.httpRoute is enabled and webhooks.enabled is false: nothing would be behind it. Enable webhooks, too." }}
{{- end }}
{{- if and .ingress.enabled (not .ingress.host) }}
{{- fail "webhooks.ingress.enabled is true and webhooks.ingress.host is empty: name the host that the provider sends its events to." }}
{{- end }}
{{- if and .httpRoute.enabled (not .httpRoute.parentRefs) }}
{{- fail "webhooks.httpRoute.enabled is true and webhooks.httpRoute.parentRefs is empty: name the Gateway." }}
{{- end }}
{{- if and .enabled (has (int .port) (list (int $.Values.healthPort) (ternary (int $.Values.metrics.secure.port) 0 $.Values.metrics.secure.enabled))) }}
{{- fail "webhooks.port is also the port of /healthz or /metrics: choose another one." }}
{{- end }}
{{- end }}
{{- end }}
