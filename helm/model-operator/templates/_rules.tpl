{{/* What the operator may do, and nothing else: the rules of its ClusterRole or, with watchNamespaces, of its Roles. */}}

{{- define "model-operator.rules" -}}
{{- $kinds := splitList " " (include "model-operator.watchedKinds" .) -}}
# Its own kinds. Specs belong to users: patch is for the finalizer, which is metadata.
- apiGroups: [modeloperator.dev]
  resources: [{{ join ", " $kinds }}]
  verbs: [get, list, watch, patch]
- apiGroups: [modeloperator.dev]
  resources: [{{ join "/status, " $kinds }}/status]
  verbs: [patch]
# An ownerReference that blocks deletion needs this where OwnerReferencesPermissionEnforcement is on (OpenShift).
- apiGroups: [modeloperator.dev]
  resources: [{{ join "/finalizers, " $kinds }}/finalizers]
  verbs: [update]
# The Secret that a ModelProvider names, one at a time: no list, no watch, no write.
- apiGroups: [""]
  resources: [secrets]
  {{- with .Values.rbac.secretNames }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [get]
{{- if has "*" .Values.rbac.connections }}
{{ include "model-operator.connectionRules" . }}
{{- end }}
{{- if not (or .Values.installation .Values.watchNamespaces) }}
# Its UID names this cluster in the marks at the provider.
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
{{- end }}
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Where spec.connection is used. */}}

{{- define "model-operator.connectionRules" -}}
# The ConfigMap of spec.connection. It goes with its owner, so nothing is deleted here.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch]
{{- end }}

{{/* Our kinds, without those that are switched off. */}}

{{- define "model-operator.watchedKinds" -}}
{{- $kinds := splitList " " (include "model-operator.kinds" .) -}}
{{- join " " (.Values.canaryEndpoints.enabled | ternary $kinds (without $kinds "canaryendpoints")) -}}
{{- end }}
