{{/* The spec of the ingest Job. Empty if there is nothing to ingest. */}}
{{- define "al-voc.ingestSpec" -}}
{{- with include "al-voc.ingestArgs" . -}}
{{- $settings := include "al-voc.settings" (dict "root" $ "group" "cpu" "own" $.Values.ingest.pod "where" "ingest.pod") | fromYaml -}}
{{- $_ := set $settings "backoffLimit" $.Values.ingest.backoffLimit -}}
{{- $given := dict "root" $ "component" "ingest" "container" "ingest" "settings" $settings "isDriver" false "waits" (empty $.Values.store.url) -}}
{{- $_ := set $given "args" (prepend (. | fromYamlArray) "ingest") -}}
{{ include "al-voc.jobSpec" $given }}
{{- end -}}
{{- end -}}
