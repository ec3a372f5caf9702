{{/* The driver's Job. The template of a Job is immutable, so a digest in the name makes any change a new Job. */}}

{{- define "al-voc.driverSpec" -}}
{{- $given := dict "root" . "component" "driver" "container" "driver" "settings" .Values.driver "isDriver" true "hasConfig" true -}}
{{- $_ := set $given "args" (list "drive" "/etc/al-voc/experiment.yaml" "--launch" "/etc/al-voc/launch.yaml") -}}
{{ include "al-voc.jobSpec" $given }}
{{- end -}}

{{- define "al-voc.driverName" -}}
{{- /* The digest covers what the driver waits for, too: a failed driver restarts when that is corrected. */ -}}
{{- $all := print (include "al-voc.driverSpec" .) (include "al-voc.configData" .) (include "al-voc.ingestSpec" .) (include "al-voc.storeVolume" .) (toYaml .Values.serviceAccount) -}}
{{ include "al-voc.fullname" . }}-driver-{{ $all | sha256sum | trunc 8 }}
{{- end -}}
