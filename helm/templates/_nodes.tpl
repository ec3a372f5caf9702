{{/* A training in several pods, each of which has a place among them. */}}

{{/* In how many pods a training runs. */}}
{{- define "al-voc.trainNodes" -}}
{{- $train := .Values.stages.train | default dict -}}
{{- $nodes := int64 ($train.nodes | default 1) -}}
{{- $settings := include "al-voc.stageSettings" (dict "root" . "stage" "train") | fromYaml -}}
{{- if and (gt $nodes 1) (gt (int64 $settings.gpus) 1) -}}
{{- fail (printf "stages.train.nodes is %d and stages.train.gpus %d: each of several pods has one process, so set gpus to 1, and nodes to the number of all GPUs" $nodes (int64 $settings.gpus)) -}}
{{- end -}}
{{ $nodes }}
{{- end -}}

{{/* The Service by which they find each other. */}}
{{- define "al-voc.trainService" -}}
{{ include "al-voc.fullname" . }}-train
{{- end -}}

{{/*
The variables of torch.distributed. The Job controller numbers the pods, and names the first one JOB-0, whether
the Job is one of ours or of a JobSet.
*/}}
{{- define "al-voc.placeEnv" -}}
- {name: JOB_NAME, valueFrom: {fieldRef: {fieldPath: "metadata.labels['batch.kubernetes.io/job-name']"}}}
- {name: RANK, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}}
- {name: WORLD_SIZE, value: {{ include "al-voc.trainNodes" . | quote }}}
- {name: LOCAL_RANK, value: "0"}
- {name: MASTER_ADDR, value: $(JOB_NAME)-0.{{ include "al-voc.trainService" . }}}
- {name: MASTER_PORT, value: "29500"}
{{- end -}}

{{/*
What the names of its JobSets match: those that say all, and those that are cut, which have a digest of the release.
The driver makes both.
*/}}
{{- define "al-voc.jobSets" -}}
{{- $release := include "al-voc.fullname" . -}}
{{- $experiment := (include "al-voc.experiment" . | fromYaml).experiment -}}
{{ $release }}-{{ $experiment }}-s[0-9]+-(.+-)?r[0-9]+-train-[0-9]+|.+-{{ sha256sum $release | trunc 4 }}[0-9a-f]{6}-train-[0-9]+
{{- end -}}
