{{/* Made from the models by `make generate`; do not edit. */}}
{{- define "model-operator.kinds" -}}canaryendpoints modelbudgets modeldeployments modelproviders{{- end }}
{{- define "model-operator.scalableKinds" -}}modeldeployments{{- end }}
