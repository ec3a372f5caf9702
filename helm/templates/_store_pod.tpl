{{/* The pod of the release's own store. */}}
{{- define "al-voc.storePod" -}}
{{- $bucket := include "al-voc.storeUrl" . | trimPrefix "s3://" -}}
{{- $store := .Values.store.embedded -}}
{{- $given := dict "root" . "component" "store" "settings" $store -}}
{{- /* OpenShift gives each namespace users of its own, and refuses others. */}}
{{- $security := $store.podSecurityContext -}}
{{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" }}{{ $security = omit $security "runAsUser" "runAsGroup" "fsGroup" }}{{ end -}}
metadata:
  {{- include "al-voc.podMetadata" $given | nindent 2 }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- include "al-voc.podSecurity" $security | nindent 4 }}
  {{- with include "al-voc.podOfCluster" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "al-voc.scheduling" $store }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: store
      image: {{ include "al-voc.storeImage" . | quote }}
      imagePullPolicy: {{ $store.image.pullPolicy }}
      # Only S3 listens to other pods: the servers behind it need no key.
      args:
        - server
        - -ip=127.0.0.1
        - -ip.bind=127.0.0.1
        - -s3
        - -s3.ip.bind=0.0.0.0
        - -s3.port=8333
        - -master.volumeSizeLimitMB=128
        - -master.electionTimeout=1s
        - -master.telemetry=false
        - -volume.preStopSeconds=1
      env:
        {{- include "al-voc.storeCredentials" . | trim | nindent 8 }}
      ports: [{name: s3, containerPort: 8333}]
      # Started when there is a bucket with room for a first file.
      startupProbe:
        exec:
          command:
            - sh
            - -c
            - |
              wget -q -O /dev/null http://127.0.0.1:9333/dir/assign || exit 1
              echo "s3.bucket.create -name {{ $bucket }}" | weed shell -master=127.0.0.1:9333
              echo s3.bucket.list | weed shell -master=127.0.0.1:9333 | grep -q "{{ $bucket }}"
        periodSeconds: 2
        timeoutSeconds: 10
        failureThreshold: 60
      readinessProbe:
        tcpSocket: {port: s3}
        periodSeconds: 2
      livenessProbe:
        tcpSocket: {port: s3}
        periodSeconds: 30
        timeoutSeconds: 10
      resources:
        {{- include "al-voc.resources" $store | nindent 8 }}
      securityContext:
        {{- include "al-voc.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: tmp
      emptyDir: {}
    - name: data
      {{- with include "al-voc.storeClaim" . }}
      persistentVolumeClaim: {claimName: {{ . }}}
      {{- else }}
      emptyDir: {sizeLimit: {{ $store.persistence.size }}}
      {{- end }}
{{- end -}}
