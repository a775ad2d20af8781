{{/* What the schema cannot see: values that contradict each other. One message each, which says what to do. */}}

{{- define "model-operator.checks" -}}
{{- if gt (int .Values.replicaCount) 1 }}
{{- fail "replicaCount must be 0 or 1: this version has no leader election, and two operators would work on the same objects. For more namespaces, install releases that watch different ones (watchNamespaces)." }}
{{- end }}
{{- with .Values.podDisruptionBudget }}
{{- if and .enabled (eq (empty (toString .minAvailable)) (empty (toString .maxUnavailable))) }}
{{- fail "podDisruptionBudget: set either minAvailable or maxUnavailable. With one replica, minAvailable: 1 blocks every drain of its node; maxUnavailable: 1 does not." }}
{{- end }}
{{- end }}
{{- if and (not .Values.serviceAccount.create) .Values.rbac.create (not .Values.serviceAccount.name) }}
{{- fail "serviceAccount.create is false and serviceAccount.name is empty: the operator's roles would go to the namespace's default ServiceAccount. Name the one to use, or set rbac.create: false." }}
{{- end }}
{{- end }}
