{{/* The pages for a browser, `al-job serve`. */}}

{{- define "al-voc.uiName" -}}
{{ include "al-voc.fullname" . }}-ui
{{- end -}}

{{/* Its variables. A store that is away is told soon: the page asks again by itself. */}}
{{- define "al-voc.uiEnv" -}}
- {name: AL_SERVE_TOKEN_FILE, value: /run/ui/token}
- {name: AWS_MAX_ATTEMPTS, value: "3"}
{{- end -}}

{{/* Its port, and whether it answers there. That says nothing of the store, and needs no token. */}}
{{- define "al-voc.uiPort" -}}
ports: [{name: http, containerPort: 8765}]
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 30
  timeoutSeconds: 10
{{- end -}}
