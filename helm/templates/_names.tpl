{{/* Names, labels and settings that several objects share. */}}

{{- define "al-voc.fullname" -}}
{{- $name := contains "al-voc" .Release.Name | ternary .Release.Name (printf "%s-al-voc" .Release.Name) -}}
{{- .Values.fullnameOverride | default ($name | replace "." "-" | trunc 30 | trimSuffix "-") -}}
{{- end -}}

{{/* Name of a service account. Given: root, account (driver or stage). */}}
{{- define "al-voc.account" -}}
{{- $name := (get .root.Values.serviceAccount .account).name -}}
{{- if not (or $name .root.Values.serviceAccount.create) -}}
{{- fail (printf "serviceAccount.%s.name: name the account to use, as serviceAccount.create is false" .account) -}}
{{- end -}}
{{ $name | default (printf "%s-%s" (include "al-voc.fullname" .root) .account) }}
{{- end -}}

{{/* Annotations of a service account, its own and those of both. Given: root, account. */}}
{{- define "al-voc.accountAnnotations" -}}
{{- $own := (get .root.Values.serviceAccount .account).annotations -}}
{{- with merge dict $own .root.Values.serviceAccount.annotations }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{/* A number as text. 1000000 from a file, which Helm keeps as 1e+06, and from --set give the same text. */}}
{{- define "al-voc.number" -}}
{{- $isWhole := and (not (kindIs "string" .)) (eq (float64 .) (floor .)) -}}
{{ $isWhole | ternary (printf "%.0f" (float64 .)) (toString .) }}
{{- end -}}

{{/* Labels by which pods are found. They never change, because selectors and Job templates cannot change. */}}
{{- define "al-voc.podLabels" -}}
app.kubernetes.io/name: al-voc
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
al-voc/release: {{ include "al-voc.fullname" .root }}
{{- end -}}

{{/* Labels of an object. Pods do not have the version, so that an upgrade leaves them alone. */}}
{{- define "al-voc.labels" -}}
{{- $own := dict
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") -}}
{{ merge (include "al-voc.podLabels" . | fromYaml) $own .root.Values.commonLabels | toYaml }}
{{- end -}}

{{/*
The name of a container image. A registry is the part before the first slash, if it has a dot or a port.
Given: root, repository, tag, digest.
*/}}
{{- define "al-voc.image" -}}
{{- $repository := .repository -}}
{{- with .root.Values.global.imageRegistry -}}
{{- $repository = printf "%s/%s" . (regexReplaceAll "^(localhost|[^/]*[.:][^/]*)/" $repository "") -}}
{{- end -}}
{{- if .digest -}}
{{ $repository }}@{{ .digest }}
{{- else -}}
{{ $repository }}:{{ .tag }}
{{- end -}}
{{- end -}}

{{- define "al-voc.jobImage" -}}
{{- $image := .Values.image -}}
{{- include "al-voc.image" (dict "root" . "repository" $image.repository "digest" $image.digest "tag" ($image.tag | default .Chart.AppVersion)) -}}
{{- end -}}

{{/* The container image without torch. Empty if none is named. */}}
{{- define "al-voc.slimImage" -}}
{{- $slim := .Values.image.slim -}}
{{- if or $slim.tag $slim.digest -}}
{{- include "al-voc.image" (dict "root" . "repository" .Values.image.repository "digest" $slim.digest "tag" $slim.tag) -}}
{{- end -}}
{{- end -}}

{{/*
The container image of a pod: its own, or the one without torch if it needs none. Where people annotate, the
driver may show them what a model sees. The driver decides about `select`: round 0 may need embeddings.
Given: root, component, stage, settings.
*/}}
{{- define "al-voc.podImage" -}}
{{- $slim := has (.stage | default .component) (list "annotate" "report" "ingest" "ui" "driver") | ternary (include "al-voc.slimImage" .root) "" -}}
{{- if and (eq .component "driver") .root.Values.annotation.existingSecret }}{{ $slim = "" }}{{ end -}}
{{ .settings.image | default $slim | default (include "al-voc.jobImage" .root) }}
{{- end -}}

{{/* The experiment, as text. */}}
{{- define "al-voc.experiment" -}}
{{- if kindIs "string" .Values.experiment -}}
{{- $content := .Values.experiment | fromYaml -}}
{{- with $content.Error }}{{ fail (printf "experiment: not YAML: %s" .) }}{{ end -}}
{{- range list "experiment" "dataset" "arms" -}}
{{- if not (hasKey $content .) }}{{ fail (printf "experiment: not complete: %s is missing" .) }}{{ end -}}
{{- end -}}
{{ .Values.experiment }}
{{- else if .Values.experiment -}}
{{- range $name, $_ := .Values.experiment.arms -}}
{{- if regexMatch "^(true|false|[0-9.]+(e[-+]?[0-9]+)?)$" $name -}}
{{- fail (printf "experiment.arms: %q: Helm reads y, no, on, 010 and 1e-3 without quotes as true, false and numbers: put such a name in quotes, and do not use true, false or a number" $name) -}}
{{- end -}}
{{- end -}}
{{ toYaml .Values.experiment }}
{{- else -}}
{{ .Files.Get "files/experiment.yaml" }}
{{- end -}}
{{- end -}}

{{/* Arguments of `al-job ingest`, as a YAML list. Empty if there is nothing to ingest. */}}
{{- define "al-voc.ingestArgs" -}}
{{- if .Values.ingest.args -}}
{{ toYaml .Values.ingest.args }}
{{- else -}}
{{- $experiment := include "al-voc.experiment" . | fromYaml -}}
{{- $dataset := $experiment.dataset | default dict -}}
{{- if kindIs "map" $dataset.synthetic -}}
- synthetic
- --name={{ $dataset.name }}
{{- range $key, $value := $dataset.synthetic }}
- --{{ $key | replace "_" "-" }}={{ kindIs "float64" $value | ternary (include "al-voc.number" $value) (toString $value) }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Permanent exit codes of `al-job` fail a Job at once, and disruptions do not count as failures. */}}
{{- define "al-voc.podFailurePolicy" -}}
rules:
  - action: FailJob
    onExitCodes: {containerName: {{ .container }}, operator: In, values: [64, 65, 66, 78]}
  - action: Ignore
    onPodConditions: [{type: DisruptionTarget, status: "True"}]
{{- end -}}
