{{/* What the ConfigMap holds: the experiment, and launch.yaml, from which the driver makes Jobs. */}}

{{- define "al-voc.configData" -}}
{{ dict "experiment.yaml" (include "al-voc.experiment" .) "launch.yaml" (include "al-voc.launch" .) | toYaml }}
{{- end -}}

{{- define "al-voc.launch" -}}
release: {{ include "al-voc.fullname" . }}
namespace: {{ .Release.Namespace }}
owner: {{ include "al-voc.fullname" . }}
status: {{ include "al-voc.fullname" . }}-status
image: {{ include "al-voc.jobImage" . | quote }}
maxParallel: {{ int64 .Values.launch.maxParallel }}
scorePartitions: {{ int64 .Values.launch.scorePartitions }}
scoreParallelism: {{ int64 .Values.launch.scoreParallelism }}
backoffLimit: {{ int64 .Values.launch.backoffLimit }}
queueName: {{ .Values.launch.queueName | quote }}
imageErrorSeconds: {{ include "al-voc.number" .Values.launch.imageErrorSeconds }}
pollSeconds: {{ include "al-voc.number" .Values.launch.pollSeconds }}
ttlSecondsAfterFinished: {{ kindIs "invalid" .Values.launch.ttlSecondsAfterFinished | ternary "null" (int64 .Values.launch.ttlSecondsAfterFinished) }}
templates:
  {{- range $stage := list "select" "annotate" "train" "evaluate" "score" }}
  {{ $stage }}:
    {{- include "al-voc.stageJob" (dict "root" $ "own" (get $.Values.stages $stage) "where" (print "stages." $stage)) | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* A stage's Job without name and arguments. Given: root, own (settings of the stage), where. */}}
{{- define "al-voc.stageJob" -}}
{{- $settings := include "al-voc.settings" . | fromYaml -}}
{{- $given := dict "root" .root "component" "stage" "container" "stage" "settings" $settings "isDriver" false -}}
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
