{{/* What the driver needs to ask people in an annotation tool. No other pod has it. */}}

{{- define "al-voc.webhookName" -}}
{{ include "al-voc.fullname" . }}-webhook
{{- end -}}

{{/* Secrets are files, so that the driver reads the present ones at each look. */}}
{{- define "al-voc.annotationEnv" -}}
{{- if .Values.annotation.existingSecret -}}
- {name: AL_LABEL_STUDIO_TOKEN_FILE, value: /run/annotation/token}
{{- if .Values.annotation.webhook.enabled }}
- {name: AL_WEBHOOK_SECRET_FILE, value: /run/annotation/webhook-secret}
{{- end }}
{{- end -}}
{{- end -}}
