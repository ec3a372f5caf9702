{{/* The spec of a Job that the chart makes. Given: what al-voc.podSpec and al-voc.podMetadata take. */}}
{{- define "al-voc.jobSpec" -}}
backoffLimit: {{ int64 .settings.backoffLimit }}
podFailurePolicy:
  {{- include "al-voc.podFailurePolicy" . | nindent 2 }}
template:
  metadata:
    {{- include "al-voc.podMetadata" . | nindent 4 }}
  spec:
    {{- include "al-voc.podSpec" . | nindent 4 }}
{{- end -}}
