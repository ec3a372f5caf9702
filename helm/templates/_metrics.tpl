{{/* What Prometheus sees. */}}

{{/* Labels of the objects of the Prometheus operator. */}}
{{- define "al-voc.metricsLabels" -}}
{{ merge (include "al-voc.labels" (dict "root" . "component" "driver") | fromYaml) .Values.metrics.labels | toYaml }}
{{- end -}}
