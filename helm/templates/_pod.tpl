{{/* The pods of `al-job`: stages, ingest, driver and test all come from here. */}}

{{/*
The settings of a stage: those of `stages.defaults`, each replaced as a whole by one of `own`.
Given: root, own. Returns YAML.
*/}}
{{- define "al-voc.settings" -}}
{{- $settings := deepCopy .root.Values.stages.defaults -}}
{{- range $key, $value := .own }}{{ $_ := set $settings $key $value }}{{ end -}}
{{ toYaml $settings }}
{{- end -}}

{{/* What the restricted level of pod security asks of a container. */}}
{{- define "al-voc.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What it asks of a pod, and more. Given: the extra security context. */}}
{{- define "al-voc.podSecurity" -}}
{{ merge (dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault")) . | toYaml }}
{{- end -}}

{{/* Metadata of a pod: no mesh sidecar, which would keep a Job from ending, and no eviction to save a node. */}}
{{- define "al-voc.podMetadata" -}}
{{- $labels := include "al-voc.podLabels" . | fromYaml -}}
{{- $annotations := dict
  "cluster-autoscaler.kubernetes.io/safe-to-evict" "false"
  "karpenter.sh/do-not-disrupt" "true"
  "linkerd.io/inject" "disabled"
  "sidecar.istio.io/inject" "false" -}}
labels:
  {{- merge $labels (.settings.podLabels | default dict) (dict "sidecar.istio.io/inject" "false") | toYaml | nindent 2 }}
annotations:
  {{- merge dict (.settings.podAnnotations | default dict) $annotations | toYaml | nindent 2 }}
{{- end -}}

{{/* Where a pod may run. Given: its settings. */}}
{{- define "al-voc.scheduling" -}}
{{- $chosen := dict -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" "priorityClassName" "runtimeClassName" -}}
{{- with get $ $key }}{{ $_ := set $chosen $key . }}{{ end -}}
{{- end -}}
{{- if $chosen }}{{ toYaml $chosen }}{{ end -}}
{{- end -}}

{{/*
The spec of a pod.
Given: root, container (its name), args (left out for stages: the driver fills them in), settings,
isDriver, hasConfig (mount the ConfigMap), waits (until the store of the release answers).
*/}}
{{- define "al-voc.podSpec" -}}
{{- $settings := .settings -}}
{{- $account := .isDriver | ternary "driver" "stage" -}}
restartPolicy: Never
serviceAccountName: {{ include "al-voc.fullname" .root }}-{{ $account }}
automountServiceAccountToken: {{ .isDriver | default false }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 $settings.terminationGracePeriodSeconds }}
{{- with $settings.deadlineSeconds }}
activeDeadlineSeconds: {{ int64 . }}
{{- end }}
securityContext:
  {{- include "al-voc.podSecurity" .root.Values.podSecurityContext | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "al-voc.scheduling" $settings }}
{{ . }}
{{- end }}
{{- if .waits }}
initContainers:
  # The store of the release starts at the same time; until it is there, no attempt is spent.
  - name: wait-for-store
    image: {{ include "al-voc.jobImage" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command:
      - python
      - -c
      - |
        import sys, time, urllib.request
        for _ in range(600):
            try:
                urllib.request.urlopen("{{ include "al-voc.storeEndpoint" .root }}/healthz", timeout=5)
                break
            except OSError:
                time.sleep(1)
        else:
            sys.exit("the store of the release does not answer")
    resources:
      {{- include "al-voc.resources" (omit $settings "gpus") | nindent 6 }}
    securityContext:
      {{- include "al-voc.containerSecurity" . | nindent 6 }}
{{- end }}
containers:
  - name: {{ .container }}
    image: {{ include "al-voc.jobImage" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    {{- with .args }}
    args:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    env:
      - {name: AL_LOG, value: json}
      - {name: AL_ATTEMPT, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      - {name: AL_CACHE, value: /tmp/al-voc}
      - {name: HOME, value: /tmp}
      {{- if not .isDriver }}
      - {name: AWS_MAX_ATTEMPTS, value: "15"}
      {{- end }}
      {{- include "al-voc.storeEnv" .root | nindent 6 }}
      {{- with $settings.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    terminationMessagePolicy: FallbackToLogsOnError
    resources:
      {{- include "al-voc.resources" $settings | nindent 6 }}
    securityContext:
      {{- include "al-voc.containerSecurity" . | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- if $settings.sharedMemory }}
      - {name: shared-memory, mountPath: /dev/shm}
      {{- end }}
      {{- if .hasConfig }}
      - {name: config, mountPath: /etc/al-voc, readOnly: true}
      {{- end }}
      {{- with $settings.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: {{ $settings.scratch | default "1Gi" }}}
  {{- with $settings.sharedMemory }}
  - name: shared-memory
    emptyDir: {medium: Memory, sizeLimit: {{ . }}}
  {{- end }}
  {{- if .hasConfig }}
  - name: config
    configMap: {name: {{ include "al-voc.fullname" .root }}}
  {{- end }}
  {{- with $settings.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Resources with the GPUs, quantities as text. Given: the pod's settings. */}}
{{- define "al-voc.resources" -}}
{{- $resources := deepCopy (.resources | default dict) -}}
{{- if .gpus -}}
{{- $limits := get $resources "limits" | default dict -}}
{{- $_ := set $limits .gpuResource .gpus -}}
{{- $_ := set $resources "limits" $limits -}}
{{- end -}}
{{- range $kind := list "requests" "limits" -}}
{{- range $name, $quantity := get $resources $kind | default dict }}{{ $_ := set (get $resources $kind) $name (toString $quantity) }}{{ end -}}
{{- end -}}
{{ toYaml $resources }}
{{- end -}}
