{{/* The store's address and credentials. */}}

{{- define "al-voc.storeName" -}}
{{ include "al-voc.fullname" . }}-store
{{- end -}}

{{- define "al-voc.storeImage" -}}
{{ include "al-voc.image" (merge (dict "root" .) .Values.store.embedded.image) }}
{{- end -}}

{{/*
The volume of the release's own store. With another one, the experiment starts over. An emptyDir is another one with
each pod.
*/}}
{{- define "al-voc.storeVolume" -}}
{{- if not .Values.store.url -}}
{{ include "al-voc.storeClaim" . | default (include "al-voc.storePod" . | sha256sum) }}
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

{{/* The variables of the credentials, and their keys in that Secret. */}}
{{- define "al-voc.storeKeys" -}}
{{- $own := dict "accessKeyId" "AWS_ACCESS_KEY_ID" "secretAccessKey" "AWS_SECRET_ACCESS_KEY" -}}
{{- $keys := .Values.store.existingSecret | empty | ternary $own .Values.store.existingSecretKeys -}}
{{- if hasPrefix "gs://" .Values.store.url -}}
GOOGLE_SERVICE_ACCOUNT_KEY: {{ $keys.serviceAccountKey | quote }}
{{- else if hasPrefix "az://" .Values.store.url -}}
AZURE_STORAGE_ACCOUNT_KEY: {{ $keys.accountKey | quote }}
{{- else -}}
AWS_ACCESS_KEY_ID: {{ $keys.accessKeyId | quote }}
AWS_SECRET_ACCESS_KEY: {{ $keys.secretAccessKey | quote }}
{{- with $keys.sessionToken }}
AWS_SESSION_TOKEN: {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The credentials as variables, for the server of the release's own store, which reads nothing else. */}}
{{- define "al-voc.storeCredentials" -}}
{{- with include "al-voc.storeSecret" . -}}
{{- $secret := . -}}
{{- range $variable, $key := include "al-voc.storeKeys" $ | fromYaml }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $key | quote }}}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The credentials as files, each called like its variable: one that is replaced in the Secret is replaced there. */}}
{{- define "al-voc.storeKeysVolume" -}}
{{- with include "al-voc.storeSecret" . -}}
name: store-keys
secret:
  secretName: {{ . }}
  items:
    {{- range $variable, $key := include "al-voc.storeKeys" $ | fromYaml }}
    - {key: {{ $key | quote }}, path: {{ $variable }}}
    {{- end }}
{{- end -}}
{{- end -}}

{{/* Where al-job finds these files. */}}
{{- define "al-voc.storeKeysEnv" -}}
{{- if include "al-voc.storeSecret" . }}
{{- if hasPrefix "gs://" .Values.store.url }}
- {name: GOOGLE_SERVICE_ACCOUNT, value: /run/store-keys/GOOGLE_SERVICE_ACCOUNT_KEY}
{{- else }}
- {name: AL_STORE_KEYS, value: /run/store-keys}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The secret of the release's own store, encoded: the one that there is, else a random one. Rendered without a
cluster it has to be the same each time. `lookup` lists nothing there, not even an empty list.
*/}}
{{- define "al-voc.storeOwnSecret" -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace (include "al-voc.storeName" .) | default dict -}}
{{- $kept := ($secret.data | default dict).AWS_SECRET_ACCESS_KEY -}}
{{- if $kept -}}
{{ $kept }}
{{- else if lookup "v1" "Secret" .Release.Namespace "" -}}
{{ randAlphaNum 40 | b64enc }}
{{- else -}}
{{ printf "al-voc/%s/%s" .Release.Namespace .Release.Name | sha256sum | trunc 40 | b64enc }}
{{- end -}}
{{- end -}}

{{- define "al-voc.storeEnv" -}}
- {name: AL_STORE, value: {{ include "al-voc.storeUrl" . | quote }}}
{{- $endpoints := dict "gs" "GOOGLE_BASE_URL" "az" "AZURE_STORAGE_ENDPOINT" -}}
{{- with include "al-voc.storeEndpoint" . }}
- {name: {{ get $endpoints ($.Values.store.url | trunc 2) | default "AWS_ENDPOINT_URL" }}, value: {{ . | quote }}}
{{- end }}
{{- with .Values.store.region | default (empty .Values.store.url | ternary "us-east-1" "") }}
- {name: AWS_DEFAULT_REGION, value: {{ . | quote }}}
{{- end }}
{{- include "al-voc.storeKeysEnv" . }}
{{- include "al-voc.bucketEnv" . }}
{{- end -}}

{{/* What the bucket wants beside a name. */}}
{{- define "al-voc.bucketEnv" -}}
{{- $store := .Values.store -}}
{{- if hasPrefix "az://" $store.url }}
- {name: AZURE_STORAGE_ACCOUNT_NAME, value: {{ required "store.azureAccount: name the storage account of the container" $store.azureAccount }}}
{{- end }}
{{- with $store.addressingStyle }}
- {name: AL_S3_ADDRESSING_STYLE, value: {{ . }}}
{{- end }}
{{- with $store.serverSideEncryption.type }}
- {name: AL_S3_ENCRYPTION, value: {{ . | quote }}}
{{- end }}
{{- with $store.serverSideEncryption.kmsKeyId }}
- {name: AL_S3_KMS_KEY_ID, value: {{ . | quote }}}
{{- end }}
{{- if $store.requesterPays }}
- {name: AL_S3_REQUEST_PAYER, value: requester}
{{- end }}
{{- if $store.caBundle.configMap }}
{{- $isS3 := not (regexMatch "^(gs|az)://" $store.url) }}
- {name: {{ $isS3 | ternary "AWS_CA_BUNDLE" "SSL_CERT_FILE" }}, value: {{ printf "/run/store-ca/%s" $store.caBundle.key | quote }}}
{{- end }}
{{- end -}}

{{/* The proxy. What lies in the cluster or beside the node is reached directly. */}}
{{- define "al-voc.proxyEnv" -}}
{{- $proxy := .Values.proxy -}}
{{- with $proxy.http }}
- {name: HTTP_PROXY, value: {{ . | quote }}}
{{- end }}
{{- with $proxy.https }}
- {name: HTTPS_PROXY, value: {{ . | quote }}}
{{- end }}
{{- if or $proxy.http $proxy.https }}
{{- $direct := list "localhost" "127.0.0.1" ".svc" ".cluster.local" "$(KUBERNETES_SERVICE_HOST)" (include "al-voc.storeName" .) -}}
{{- $direct = concat $direct (list "169.254.169.254" "169.254.170.2" "169.254.170.23" "metadata.google.internal" $proxy.noProxy) }}
- {name: NO_PROXY, value: {{ $direct | compact | join "," | quote }}}
{{- end }}
{{- end -}}
