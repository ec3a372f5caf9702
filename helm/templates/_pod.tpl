{{/* The pods of `al-job`: stages, ingest, driver and test. */}}

{{/*
The settings of a pod: those of `stages.defaults`, each replaced as a whole by the same key of its group, then of `own`.
Given: root, group (gpu or cpu), own, where (its place in the values). Returns YAML.
*/}}
{{- define "al-voc.settings" -}}
{{- $settings := deepCopy .root.Values.stages.defaults -}}
{{- range $nearer := list (get .root.Values.stages .group) .own -}}
{{- with $nearer -}}
{{- if and .resources (not .resourcesPerGpu) }}{{ $_ := unset $settings "resourcesPerGpu" }}{{ end -}}
{{- range $key, $value := . }}{{ $_ := set $settings $key $value }}{{ end -}}
{{- end -}}
{{- end -}}
{{- range ($settings.resources | default dict).claims -}}
{{- $claims := list }}{{ range $settings.resourceClaims }}{{ $claims = append $claims .name }}{{ end -}}
{{- if not (has .name $claims) -}}
{{- fail (printf "%s: resources.claims names %q: resourceClaims has no such claim" $.where .name) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int $settings.gpus) 1) (contains "/mig-" $settings.gpuResource) -}}
{{- fail (printf "%s: gpus %v of %s: a process sees one MIG slice, and slices cannot train together: take one, or whole GPUs" .where $settings.gpus $settings.gpuResource) -}}
{{- end -}}
{{- if and $settings.gpus $settings.resourcesPerGpu -}}
{{- $_ := set $settings "resources" (include "al-voc.resourcesOfGpus" $settings | fromYaml) -}}
{{- end -}}
{{- $limit := ($settings.resources.limits | default dict).memory -}}
{{- if and $limit $settings.sharedMemory -}}
{{- if gt (include "al-voc.bytes" $settings.sharedMemory | float64) (include "al-voc.bytes" $limit | float64) -}}
{{- fail (printf "%s: sharedMemory %s is more than the memory limit %v, which it counts towards: raise resources.limits.memory" .where $settings.sharedMemory $limit) -}}
{{- end -}}
{{- end -}}
{{ toYaml $settings }}
{{- end -}}

{{/* A mapping without what is null, which stands for a default that was removed. */}}
{{- define "al-voc.present" -}}
{{- $found := dict -}}
{{- range $key, $value := . -}}
{{- if kindIs "map" $value }}{{ $value = include "al-voc.present" $value | fromYaml }}{{ end -}}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $found $key $value }}{{ end -}}
{{- end -}}
{{ toYaml $found }}
{{- end -}}

{{/* The resources for each GPU, as often as there are GPUs. Given: the pod's settings. */}}
{{- define "al-voc.resourcesOfGpus" -}}
{{- $resources := include "al-voc.present" .resourcesPerGpu | fromYaml -}}
{{- range $kind := list "requests" "limits" -}}
{{- range $name, $quantity := get $resources $kind | default dict -}}
{{- $text := include "al-voc.number" $quantity -}}
{{- $unit := regexReplaceAll "^[0-9.]+" $text "" -}}
{{- $number := mulf (trimSuffix $unit $text | float64) $.gpus -}}
{{- $_ := set (get $resources $kind) $name (print (include "al-voc.number" $number) $unit) -}}
{{- end -}}
{{- end -}}
{{ toYaml $resources }}
{{- end -}}

{{/* A quantity as a number of bytes. */}}
{{- define "al-voc.bytes" -}}
{{- $text := include "al-voc.number" . -}}
{{- $unit := regexReplaceAll "^[0-9.]+" $text "" -}}
{{- $decimal := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 -}}
{{- $binary := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
{{ mulf (trimSuffix $unit $text | float64) (get (merge $decimal $binary) $unit | float64) }}
{{- end -}}

{{/* What the restricted level of pod security demands of a container. */}}
{{- define "al-voc.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What the restricted level demands of a pod, and more. Given: the extra security context. */}}
{{- define "al-voc.podSecurity" -}}
{{- $context := merge (dict "runAsNonRoot" true) . -}}
{{- if not $context.seccompProfile }}{{ $_ := set $context "seccompProfile" (dict "type" "RuntimeDefault") }}{{ end -}}
{{ toYaml $context }}
{{- end -}}

{{/*
Metadata of a pod. A sidecar of a mesh would keep a Job from ending. An autoscaler that empties a node may take
driver and pages, which begin again where they were, but not hours of work, nor a store without a volume.
*/}}
{{- define "al-voc.podMetadata" -}}
{{- $labels := include "al-voc.podLabels" . | fromYaml -}}
{{- $annotations := dict "linkerd.io/inject" "disabled" "sidecar.istio.io/inject" "false" -}}
{{- if has (.stage | default .component) (list "train" "evaluate" "score" "ingest" "store") -}}
{{- $_ := set $annotations "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" -}}
{{- $_ := set $annotations "karpenter.sh/do-not-disrupt" "true" -}}
{{- else if has .component (list "driver" "ui") -}}
{{- /* Their emptyDir alone would keep their node. */}}
{{- $_ := set $annotations "cluster-autoscaler.kubernetes.io/safe-to-evict" "true" -}}
{{- end -}}
labels:
  {{- merge $labels (.settings.podLabels | default dict) .root.Values.commonLabels (dict "sidecar.istio.io/inject" "false") | toYaml | nindent 2 }}
annotations:
  {{- merge dict (.settings.podAnnotations | default dict) $annotations | toYaml | nindent 2 }}
{{- end -}}

{{/* The scheduling of a pod. Given: its settings. */}}
{{- define "al-voc.scheduling" -}}
{{- $chosen := dict -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" "priorityClassName" "runtimeClassName" "schedulerName" "topologySpreadConstraints" "resourceClaims" -}}
{{- with get $ $key }}{{ $_ := set $chosen $key . }}{{ end -}}
{{- end -}}
{{- with .lostNodeSeconds -}}
{{- $lost := list -}}
{{- range list "not-ready" "unreachable" -}}
{{- $key := print "node.kubernetes.io/" . -}}
{{- $lost = append $lost (dict "key" $key "operator" "Exists" "effect" "NoExecute" "tolerationSeconds" (int64 $.lostNodeSeconds)) -}}
{{- end -}}
{{- $_ := set $chosen "tolerations" (concat ($chosen.tolerations | default list) $lost) -}}
{{- end -}}
{{- if $chosen }}{{ toYaml $chosen }}{{ end -}}
{{- end -}}

{{/* What all pods have in common: DNS, users, and Secrets for pulling container images. Given: the root. */}}
{{- define "al-voc.podOfCluster" -}}
{{- $found := dict -}}
{{- with .Values.dnsPolicy }}{{ $_ := set $found "dnsPolicy" . }}{{ end -}}
{{- with .Values.dnsConfig }}{{ $_ := set $found "dnsConfig" . }}{{ end -}}
{{- if not (kindIs "invalid" .Values.hostUsers) }}{{ $_ := set $found "hostUsers" .Values.hostUsers }}{{ end -}}
{{- with concat .Values.image.pullSecrets .Values.imagePullSecrets }}{{ $_ := set $found "imagePullSecrets" (uniq .) }}{{ end -}}
{{- if $found }}{{ toYaml $found }}{{ end -}}
{{- end -}}

{{/* Environment of a container: the chart's variables unless `extraEnv` names them, then `extraEnv`. */}}
{{- define "al-voc.env" -}}
{{- $extra := .settings.extraEnv | default list -}}
{{- $named := dict -}}
{{- range $extra }}{{ $_ := set $named .name true }}{{ end -}}
{{- range include "al-voc.ownEnv" . | fromYamlArray -}}
{{- if not (hasKey $named .name) }}
- {{ toYaml . | nindent 2 | trim }}
{{- end -}}
{{- end -}}
{{- range $extra }}
- {{ toYaml . | nindent 2 | trim }}
{{- end -}}
{{- end -}}

{{/* Whether a pod has the volume of copies, as stages, ingest and test do. Empty if not. */}}
{{- define "al-voc.hasCache" -}}
{{- if and .root.Values.cache.volume (not .isDriver) (not .isUi) }}yes{{ end -}}
{{- end -}}

{{- define "al-voc.ownEnv" -}}
- {name: AL_LOG, value: json}
- {name: AL_ATTEMPT, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: AL_IMAGE, value: {{ include "al-voc.podImage" . | quote }}}
{{- if include "al-voc.hasCache" . }}
- {name: AL_CACHE, value: /cache}
- {name: TORCH_HOME, value: /cache/torch}
{{- with .root.Values.cache.sizeLimit }}
- {name: AL_CACHE_GB, value: {{ divf (include "al-voc.bytes" . | float64) 1e9 | toString | quote }}}
{{- end }}
{{- else }}
- {name: AL_CACHE, value: /tmp/al-voc}
{{- end }}
- {name: HOME, value: /tmp}
{{- if .isUi }}
{{ include "al-voc.uiEnv" .root }}
{{- else if not .isDriver }}
- {name: AWS_MAX_ATTEMPTS, value: "15"}
- {name: AL_CPUS, valueFrom: {resourceFieldRef: {resource: requests.cpu}}}
{{- end }}
{{- range $key, $value := .settings.runtime }}
- {name: AL_RUNTIME_{{ upper $key }}, value: {{ kindIs "bool" $value | ternary (toString $value) (include "al-voc.number" $value) | quote }}}
{{- end }}
{{- if .isOfSeveral }}
{{ include "al-voc.placeEnv" .root }}
{{- end }}
{{- if .isDriver }}
{{- with include "al-voc.annotationEnv" .root }}
{{ . }}
{{- end }}
{{- if .root.Values.notify.existingSecret }}
- {name: AL_NOTIFY_URL_FILE, value: /run/notify/url}
{{- end }}
{{- end }}
{{ include "al-voc.storeEnv" .root }}
{{- include "al-voc.proxyEnv" .root }}
{{- end -}}

{{/*
The spec of a pod.
Given: root, container (its name), args (left out for stages: the driver fills them in), settings,
isDriver, isUi, isOfSeveral (pods that train together), hasConfig (mount the ConfigMap), waits (for the store of
the release to answer).
*/}}
{{- define "al-voc.podSpec" -}}
{{- $settings := .settings -}}
{{- $account := .isDriver | ternary "driver" "stage" -}}
{{- $hasCache := include "al-voc.hasCache" . -}}
restartPolicy: {{ if .isUi }}Always{{ else }}Never{{ end }}
serviceAccountName: {{ include "al-voc.account" (dict "root" .root "account" $account) }}
automountServiceAccountToken: {{ .isDriver | default false }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 $settings.terminationGracePeriodSeconds }}
{{- if .isOfSeveral }}
subdomain: {{ include "al-voc.trainService" .root }}
{{- end }}
{{- with $settings.deadlineSeconds }}
activeDeadlineSeconds: {{ int64 . }}
{{- end }}
securityContext:
  {{- include "al-voc.podSecurity" .root.Values.podSecurityContext | nindent 2 }}
{{- with include "al-voc.podOfCluster" .root }}
{{ . }}
{{- end }}
{{- with include "al-voc.scheduling" $settings }}
{{ . }}
{{- end }}
{{- if .waits }}
initContainers:
  # The store of the release starts at the same time. Waiting for it must not count as a failure.
  - name: wait-for-store
    image: {{ include "al-voc.podImage" . | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command:
      - python
      - -c
      - |
        import sys, time, urllib.request
        end = time.monotonic() + 300
        while time.monotonic() < end:
            try:
                urllib.request.urlopen("{{ include "al-voc.storeEndpoint" .root }}/healthz", timeout=5)
                break
            except OSError:
                time.sleep(1)
        else:
            print("the store of the release does not answer", file=sys.stderr)
            sys.exit(75)
    resources:
      {{- include "al-voc.resources" (omit $settings "gpus") | nindent 6 }}
    securityContext:
      {{- include "al-voc.containerSecurity" . | nindent 6 }}
{{- end }}
containers:
  - name: {{ .container }}
    image: {{ include "al-voc.podImage" . | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    {{- with .args }}
    args:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    env:
      {{- include "al-voc.env" . | trim | nindent 6 }}
    {{- with $settings.extraEnvFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if .isUi }}
    {{- include "al-voc.uiPort" . | nindent 4 }}
    {{- end }}
    {{- if and .isDriver .root.Values.metrics.enabled }}
    ports: [{name: metrics, containerPort: 9464}]
    {{- end }}
    terminationMessagePolicy: FallbackToLogsOnError
    resources:
      {{- include "al-voc.resources" $settings | nindent 6 }}
    securityContext:
      {{- include "al-voc.containerSecurity" . | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- if $hasCache }}
      - {name: cache, mountPath: /cache}
      {{- end }}
      {{- if $settings.sharedMemory }}
      - {name: shared-memory, mountPath: /dev/shm}
      {{- end }}
      {{- if .hasConfig }}
      - {name: config, mountPath: /etc/al-voc, readOnly: true}
      {{- end }}
      {{- if .isUi }}
      - {name: token, mountPath: /run/ui, readOnly: true}
      {{- end }}
      {{- if and .isDriver .root.Values.annotation.existingSecret }}
      - {name: annotation, mountPath: /run/annotation, readOnly: true}
      {{- end }}
      {{- if and .isDriver .root.Values.notify.existingSecret }}
      - {name: notify, mountPath: /run/notify, readOnly: true}
      {{- end }}
      {{- if include "al-voc.storeSecret" .root }}
      - {name: store-keys, mountPath: /run/store-keys, readOnly: true}
      {{- end }}
      {{- if .root.Values.store.caBundle.configMap }}
      - {name: store-ca, mountPath: /run/store-ca, readOnly: true}
      {{- end }}
      {{- with $settings.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    {{- with $settings.scratchVolume }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    emptyDir: {sizeLimit: {{ $settings.scratch | default "1Gi" }}}
    {{- end }}
  {{- if $hasCache }}
  - name: cache
    {{- toYaml .root.Values.cache.volume | nindent 4 }}
  {{- end }}
  {{- with $settings.sharedMemory }}
  - name: shared-memory
    emptyDir: {medium: Memory, sizeLimit: {{ . }}}
  {{- end }}
  {{- if .hasConfig }}
  - name: config
    configMap: {name: {{ include "al-voc.fullname" .root }}}
  {{- end }}
  {{- if .isUi }}
  - name: token
    secret: {secretName: {{ .root.Values.ui.existingSecret }}}
  {{- end }}
  {{- if and .isDriver .root.Values.annotation.existingSecret }}
  - name: annotation
    secret: {secretName: {{ .root.Values.annotation.existingSecret }}}
  {{- end }}
  {{- if and .isDriver .root.Values.notify.existingSecret }}
  - name: notify
    secret: {secretName: {{ .root.Values.notify.existingSecret }}}
  {{- end }}
  {{- with include "al-voc.storeKeysVolume" .root }}
  - {{- . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.store.caBundle.configMap }}
  - name: store-ca
    configMap: {name: {{ . }}}
  {{- end }}
  {{- with $settings.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Resources with GPUs and disk space, all quantities as text. Given: the pod's settings. */}}
{{- define "al-voc.resources" -}}
{{- $resources := include "al-voc.present" (.resources | default dict) | fromYaml -}}
{{- with .scratchRequest -}}
{{- $_ := set $resources "requests" (merge ($resources.requests | default dict) (dict "ephemeral-storage" .)) -}}
{{- end -}}
{{- if .gpus -}}
{{- $limits := get $resources "limits" | default dict -}}
{{- $_ := set $limits .gpuResource .gpus -}}
{{- $_ := set $resources "limits" $limits -}}
{{- end -}}
{{- range $kind := list "requests" "limits" -}}
{{- range $name, $quantity := get $resources $kind | default dict }}{{ $_ := set (get $resources $kind) $name (include "al-voc.number" $quantity) }}{{ end -}}
{{- end -}}
{{ toYaml $resources }}
{{- end -}}
