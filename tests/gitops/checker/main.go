// Command checker says what other tools make of objects, by those tools' own code: kstatus of cli-utils, which Flux,
// Helm 4 and kpt wait by, and the types of a HelmRelease and a PodMonitor, which refuse a field that they do not know.
//
// A JSON list of objects comes in on stdin; a JSON list of as many answers goes out.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	helm "github.com/fluxcd/helm-controller/api/v2"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

// answer has kstatus' words, and why an object is none of its kind.
type answer struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Refused string `json:"refused"`
}

func main() {
	var objects []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		fail(err)
	}
	answers := []answer{}
	for _, object := range objects {
		answers = append(answers, check(object))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "checker:", err)
	os.Exit(1)
}

func check(text []byte) answer {
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(text); err != nil {
		return answer{Refused: err.Error()}
	}
	result, err := status.Compute(object)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	said := answer{Status: result.Status.String(), Message: result.Message}
	if typed := typeOf(object.GroupVersionKind()); typed != nil {
		if err := yaml.UnmarshalStrict(text, typed); err != nil {
			said.Refused = err.Error()
		}
	}
	return said
}

func typeOf(kind schema.GroupVersionKind) any {
	switch kind {
	case helm.GroupVersion.WithKind(helm.HelmReleaseKind):
		return &helm.HelmRelease{}
	case monitoring.SchemeGroupVersion.WithKind(monitoring.PodMonitorsKind):
		return &monitoring.PodMonitor{}
	}
	return nil
}
