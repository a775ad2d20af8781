package main

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// status has the conditions that model-operator writes: a smaller one would be cheaper for the API server.
func status(found map[string]any, generation int64, now time.Time) map[string]any {
	running := found["status"] == "running"
	phase := "Starting"
	if running {
		phase = "Ready"
	}
	conditions := []any{}
	for _, each := range []struct {
		kind, reason, message string
		isTrue                bool
	}{
		{"Ready", "Available", "The deployment serves as specified.", running},
		{"Accepted", "Accepted", "The spec can be acted on.", true},
		{"Synced", "Synced", "The provider holds the spec.", true},
		{"Serving", "Serving", "Inference is answered.", running},
		{"Reconciling", "Progressing", "Work is under way.", !running},
		{"Stalled", "NotStalled", "The object is not stalled.", false},
	} {
		word := "False"
		if each.isTrue {
			word = "True"
		}
		conditions = append(conditions, map[string]any{
			"type": each.kind, "status": word, "reason": each.reason, "message": each.message,
			"observedGeneration": generation, "lastTransitionTime": now.UTC().Format(time.RFC3339),
		})
	}
	return map[string]any{
		"externalID": found["id"], "providerState": found["status"], "endpointURL": found["endpoint"],
		"observedGeneration": generation, "phase": phase, "conditions": conditions,
	}
}

func text(object *unstructured.Unstructured, path ...string) string {
	found, _, _ := unstructured.NestedString(object.Object, path...)
	return found
}

func replicas(object *unstructured.Unstructured) int64 {
	found, _, _ := unstructured.NestedInt64(object.Object, "spec", "replicas")
	return found
}
