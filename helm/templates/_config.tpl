{{/* The content of the ConfigMap: the experiment, and launch.yaml, from which the driver makes Jobs. */}}

{{/* The stages of a round, and that of the whole experiment. No other file of the chart lists them. */}}
{{- define "al-voc.stages" -}}
select annotate train evaluate score report
{{- end -}}

{{/* Refuses values of an earlier version, and stages that do not exist. */}}
{{- define "al-voc.checkValues" -}}
{{- $renamed := dict "launch.scoreShards" "launch.scorePartitions" "stages.annotate-sim" "stages.annotate" -}}
{{- range $old, $new := $renamed -}}
{{- $path := splitList "." $old -}}
{{- if hasKey (get $.Values (first $path)) (last $path) -}}
{{- fail (printf "%s is now called %s: rename it in your values" $old $new) -}}
{{- end -}}
{{- end -}}
{{- $stages := splitList " " (include "al-voc.stages" .) -}}
{{- range $name, $own := .Values.stages -}}
{{- if and (hasKey ($own | default dict) "nodes") (ne $name "train") -}}
{{- fail (printf "stages.%s.nodes: only a training takes several pods, so set stages.train.nodes" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := omit .Values.stages "defaults" "gpu" "cpu" -}}
{{- if not (has $name $stages) -}}
{{- fail (printf "stages.%s: no such stage; the stages are %s" $name (join ", " $stages)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Settings of a stage. Given: root, stage. */}}
{{- define "al-voc.stageSettings" -}}
{{- $group := has .stage (list "train" "evaluate" "score") | ternary "gpu" "cpu" -}}
{{ include "al-voc.settings" (dict "root" .root "group" $group "own" (get .root.Values.stages .stage) "where" (print "stages." .stage)) }}
{{- end -}}

{{- define "al-voc.configData" -}}
{{ dict "experiment.yaml" (include "al-voc.experiment" .) "launch.yaml" (include "al-voc.launch" .) | toYaml }}
{{- end -}}

{{- define "al-voc.launch" -}}
version: {{ .Chart.AppVersion | quote }}
release: {{ include "al-voc.fullname" . }}
namespace: {{ .Release.Namespace }}
owner: {{ include "al-voc.fullname" . }}
status: {{ include "al-voc.fullname" . }}-status
image: {{ include "al-voc.jobImage" . | quote }}
slimImage: {{ include "al-voc.slimImage" . | quote }}
maxParallel: {{ int64 .Values.launch.maxParallel }}
scorePartitions: {{ int64 .Values.launch.scorePartitions }}
scoreParallelism: {{ int64 .Values.launch.scoreParallelism }}
trainNodes: {{ include "al-voc.trainNodes" . }}
backoffLimit: {{ int64 .Values.launch.backoffLimit }}
queueName: {{ .Values.launch.queueName | quote }}
imageErrorSeconds: {{ include "al-voc.number" .Values.launch.imageErrorSeconds }}
pendingSeconds: {{ kindIs "invalid" .Values.launch.pendingSeconds | ternary "null" (include "al-voc.number" (.Values.launch.pendingSeconds | default 0)) }}
pollSeconds: {{ include "al-voc.number" .Values.launch.pollSeconds }}
metrics: {{ .Values.metrics.enabled }}
moneyPerGpuHour: {{ include "al-voc.number" .Values.launch.moneyPerGpuHour }}
ttlSecondsAfterFinished: {{ kindIs "invalid" .Values.launch.ttlSecondsAfterFinished | ternary "null" (int64 .Values.launch.ttlSecondsAfterFinished) }}
templates:
  {{- range $stage := splitList " " (include "al-voc.stages" .) }}
  {{ $stage }}:
    {{- include "al-voc.stageJob" (dict "root" $ "stage" $stage) | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* A stage's Job without name and arguments. Given: root, stage. */}}
{{- define "al-voc.stageJob" -}}
{{- $settings := include "al-voc.stageSettings" . | fromYaml -}}
{{- $isOfSeveral := and (eq .stage "train") (gt (int64 ($settings.nodes | default 1)) 1) -}}
{{- $given := dict "root" .root "component" "stage" "container" "stage" "stage" .stage "settings" $settings "isDriver" false "isOfSeveral" $isOfSeveral -}}
metadata:
  labels:
    {{- merge (include "al-voc.podLabels" $given | fromYaml) $settings.jobLabels .root.Values.commonLabels | toYaml | nindent 4 }}
  {{- with $settings.jobAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  template:
    metadata:
      {{- include "al-voc.podMetadata" $given | nindent 6 }}
    spec:
      {{- include "al-voc.podSpec" $given | nindent 6 }}
{{- end -}}
