{{/* The store's address and credentials. */}}

{{- define "al-voc.storeName" -}}
{{ include "al-voc.fullname" . }}-store
{{- end -}}

{{/* The volume of the release's own store. With another volume, the experiment starts over. */}}
{{- define "al-voc.storeVolume" -}}
{{- if not .Values.store.url -}}
{{ include "al-voc.storeClaim" . | default "emptyDir" }}
{{- end -}}
{{- end -}}

{{/* The claim for that volume. Empty if the data are not kept. */}}
{{- define "al-voc.storeClaim" -}}
{{- $persistence := .Values.store.embedded.persistence -}}
{{- $persistence.existingClaim | default ($persistence.enabled | ternary (include "al-voc.storeName" .) "") -}}
{{- end -}}

{{- define "al-voc.storeUrl" -}}
{{ .Values.store.url | default "s3://al-voc" }}
{{- end -}}

{{- define "al-voc.storeEndpoint" -}}
{{- if .Values.store.url -}}
{{ .Values.store.endpoint }}
{{- else -}}
http://{{ include "al-voc.storeName" . }}:8333
{{- end -}}
{{- end -}}

{{/* The Secret with the credentials. Empty if workload identity replaces it. */}}
{{- define "al-voc.storeSecret" -}}
{{- if .Values.store.existingSecret -}}
{{ .Values.store.existingSecret }}
{{- else if not .Values.store.url -}}
{{ include "al-voc.storeName" . }}
{{- end -}}
{{- end -}}

{{- define "al-voc.storeCredentials" -}}
{{- $secret := include "al-voc.storeSecret" . -}}
{{- if $secret -}}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: AWS_ACCESS_KEY_ID}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: AWS_SECRET_ACCESS_KEY}}
{{- end -}}
{{- end -}}

{{- define "al-voc.storeEnv" -}}
- {name: AL_STORE, value: {{ include "al-voc.storeUrl" . | quote }}}
{{- with include "al-voc.storeEndpoint" . }}
- {name: AWS_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .Values.store.region | default (empty .Values.store.url | ternary "us-east-1" "") }}
- {name: AWS_DEFAULT_REGION, value: {{ . | quote }}}
{{- end }}
{{- with include "al-voc.storeCredentials" . }}
{{ . }}
{{- end }}
{{- end -}}
