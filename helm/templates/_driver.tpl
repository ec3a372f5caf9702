{{/* The driver's Job. Its template cannot be changed: a digest in its name makes any change a new Job. */}}

{{- define "al-voc.driverSpec" -}}
{{- $given := dict "root" . "component" "driver" "container" "driver" "settings" .Values.driver "isDriver" true "hasConfig" true -}}
{{- $_ := set $given "args" (list "drive" "/etc/al-voc/experiment.yaml" "--launch" "/etc/al-voc/launch.yaml") -}}
{{ include "al-voc.jobSpec" $given }}
{{- end -}}

{{- define "al-voc.driverName" -}}
{{- /* Also of what it waits on: a failed driver should start again when that is mended. */ -}}
{{- $all := print (include "al-voc.driverSpec" .) (include "al-voc.configData" .) (include "al-voc.ingestSpec" .) (include "al-voc.storeVolume" .) (toYaml .Values.serviceAccount.annotations) -}}
{{ include "al-voc.fullname" . }}-driver-{{ $all | sha256sum | trunc 8 }}
{{- end -}}
