"""Values as different users set them: what every check of the chart goes through, by name."""

from pathlib import Path

import yaml

from support.kube_api import Object

DIGEST = "sha256:" + "a1" * 32

CASES: dict[str, Object] = {
    "defaults": {},
    "own registry": {
        "image": {"registry": "registry.example.com:5000", "repository": "platform/model-operator"},
        "imagePullSecrets": [{"name": "registry"}],
    },
    "pinned image": {"image": {"repository": "registry.example.com/model-operator", "digest": DIGEST}},
    "some namespaces": {"watchNamespaces": ["team-a", "team-b"], "rbac": {"secretNames": ["parasail"]}},
    "connections in some namespaces": {"rbac": {"connections": ["team-a", "team-b"]}},
    "connections everywhere": {"rbac": {"connections": ["*"]}, "watchNamespaces": ["team-a", "team-b"]},
    "guarded metrics": {
        "metrics": {"secure": {"enabled": True, "secretName": "metrics-tls"}},
        "networkPolicy": {"enabled": True},
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    },
    "webhooks": {
        "replicaCount": 2,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "webhooks": {
            "enabled": True,
            "from": [{"namespaceSelector": {"matchLabels": {"team": "ingress"}}}],
            "ingress": {
                "enabled": True,
                "className": "nginx",
                "host": "hooks.example.com",
                "tlsSecretName": "hooks-tls",
                "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
            },
        },
        "networkPolicy": {"enabled": True},
    },
    "webhooks by a Gateway": {
        "replicaCount": 2,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "webhooks": {
            "enabled": True,
            "port": 9100,
            "service": {"annotations": {"a.example.com/b": "c"}, "port": 8080},
            "httpRoute": {
                "enabled": True,
                "parentRefs": [{"name": "public", "namespace": "gateways"}],
                "hostnames": ["hooks.example.com"],
            },
        },
        "fullnameOverride": "y" * 80,
    },
    "shards": {
        "shards": 3,
        "replicaCount": 4,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
    },
    "no canaries": {"canaryEndpoints": {"enabled": False}},
    "own ServiceAccount": {"serviceAccount": {"create": False, "name": "mine"}},
    "roles by somebody else": {
        "rbac": {"create": False, "userRoles": False},
        "serviceAccount": {"create": False},
    },
    "aggregated everywhere": {"rbac": {"aggregateToEdit": True}},
    "CRDs by somebody else": {"crds": {"install": False}},
    "CRDs for Argo CD": {"crds": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}},
    "CRDs that go": {"crds": {"keep": False}},
    "stopped": {"replicaCount": 0},
    "highly available": yaml.safe_load((Path(__file__).parents[2] / "helm" / "values-ha.yaml").read_text()),
    "without a Lease": {"leaderElection": {"enabled": False}},
    "subchart": {"global": {"imageRegistry": "registry.example.com", "anything": [1]}},
    "other names": {
        "nameOverride": "models",
        "fullnameOverride": "x" * 80,
        "namespaceOverride": "elsewhere",
        "commonLabels": {"team": "platform"},
    },
    "settings": {
        "allowedProviderHosts": [
            "https://gateway.example.com:8443",
            "http://models.internal",
            "[2001:db8::1]:9443",
            "team-a=https://gateway.example.com:7443",
        ],
        "log": {"level": "debug", "format": "text"},
        "settings": {"workers": 100, "request_timeout": "1m30s", "uvloop": False},
        "extraArgs": ["--power-grace=2m"],
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}],
        "extraEnvFrom": [{"configMapRef": {"name": "more", "optional": True}}],
        "healthPort": 9090,
    },
    "hardened": {
        "networkPolicy": {
            "enabled": True,
            "ingress": {"from": [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}]},
            "egress": {"apiServer": [{"cidr": "10.0.0.1/32"}], "extra": [{"ports": [{"port": 9090}]}]},
        },
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "hostUsers": False,
    },
    "budget in percent": {"podDisruptionBudget": {"enabled": True, "minAvailable": "50%"}},
    "budget of none": {"podDisruptionBudget": {"enabled": True, "minAvailable": 0}},
    "placed": {
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "infra", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 1,
                        "preference": {"matchExpressions": [{"key": "infra", "operator": "Exists"}]},
                    }
                ]
            }
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "model-operator"}},
            }
        ],
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "ClusterFirst",
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
        "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
    },
    "extended": {
        "deploymentAnnotations": {"reloader.example.com/auto": "true"},
        "podAnnotations": {"prometheus.io/scrape": "true"},
        "podLabels": {"mesh": "in"},
        "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca", "readOnly": True}],
        "extraObjects": [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "{{ .Release.Name }}-map"},
                "data": {"a": "b"},
            },
            'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include "model-operator.fullname" . }}-text\n',
        ],
    },
    "monitored": {
        "podMonitor": {
            "enabled": True,
            "labels": {"release": "prometheus"},
            "scrapeTimeout": "10s",
            "relabelings": [{"action": "labeldrop", "regex": "pod"}],
            "metricRelabelings": [{"action": "labeldrop", "regex": "le"}],
        },
        "prometheusRule": {
            "enabled": True,
            "labels": {"release": "prometheus"},
            "alertLabels": {"team": "platform"},
            "disabled": ["ModelDeploymentsOrphaned"],
            "runbooks": "https://docs.example.com/troubleshooting.md",
        },
        "dashboard": {"enabled": True, "namespace": "grafana", "annotations": {"grafana_folder": "Models"}},
        "metrics": {"objects": 200},
    },
}
