{{/* The settings of `model-operator run` as its environment variables. */}}

{{- define "model-operator.environment" -}}
- name: MODEL_OPERATOR_LOG_LEVEL
  value: {{ .Values.log.level }}
- name: MODEL_OPERATOR_LOG_FORMAT
  value: {{ .Values.log.format }}
- name: MODEL_OPERATOR_HEALTH_PORT
  value: {{ .Values.healthPort | quote }}
- name: MODEL_OPERATOR_METRICS_OBJECTS
  value: {{ .Values.metrics.objects | int | quote }}
{{- with .Values.metrics.secure }}
{{- if .enabled }}
- name: MODEL_OPERATOR_METRICS_PORT
  value: {{ .port | quote }}
- name: MODEL_OPERATOR_METRICS_CERT_FILE
  value: /etc/model-operator/metrics/tls.crt
- name: MODEL_OPERATOR_METRICS_KEY_FILE
  value: /etc/model-operator/metrics/tls.key
{{- end }}
{{- end }}
{{- if .Values.webhooks.enabled }}
- name: MODEL_OPERATOR_WEBHOOK_ADDRESS
  value: {{ printf "0.0.0.0:%d" (int .Values.webhooks.port) | quote }}
{{- end }}
{{- if .Values.leaderElection.enabled }}
- name: MODEL_OPERATOR_LEADER_ELECT
  value: "true"
- name: MODEL_OPERATOR_LEASE_NAME
  value: {{ include "model-operator.fullname" . }}
- name: MODEL_OPERATOR_LEASE_NAMESPACE
  value: {{ include "model-operator.namespace" . }}
{{- end }}
{{- if gt (int .Values.shards) 1 }}
- name: MODEL_OPERATOR_SHARDS
  value: {{ .Values.shards | int | quote }}
{{- end }}
{{- with .Values.watchNamespaces }}
- name: MODEL_OPERATOR_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.installation }}
- name: MODEL_OPERATOR_INSTALLATION
  value: {{ . | quote }}
{{- end }}
{{- if not .Values.canaryEndpoints.enabled }}
- name: MODEL_OPERATOR_CANARY_ENDPOINTS
  value: "false"
{{- end }}
{{- with .Values.allowedProviderHosts }}
- name: MODEL_OPERATOR_ALLOWED_PROVIDER_HOSTS
  value: {{ join "," . | quote }}
{{- end }}
{{- range $key, $value := .Values.settings }}
- name: MODEL_OPERATOR_{{ upper $key }}
  value: {{ $value | toJson | trimAll "\"" | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
