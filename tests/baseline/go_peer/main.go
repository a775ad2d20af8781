// Command go_peer is the yardstick of `make bench`: an operator for ModelDeployments at PaiTIENT on controller-runtime, as a
// platform team would write it for itself. It is tuned: 50 workers, reads from the cache, no client-side limit that is felt,
// kept-alive connections. A deployment costs it what it costs model-operator: three writes (finalizer, id, Ready) and two
// Events, on the same CRDs, and a status of the same conditions.
//
// It leaves out what model-operator promises: a create whose answer is lost is sent again and makes a second deployment, a
// deletion before the id is recorded forgets what was made; no adoption, drift, proof of absence, limits, second vendor,
// canaries or metrics. Its reading costs a request per deployment and poll, where a list costs one per hundred.
//
// It is told where to work by KUBECONFIG, NAMESPACE, PAITIENT_URL and READY_FILE, which it makes when it is up.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	finalizer = "peer.example.com/finalizer"
	comingUp  = 2 * time.Second
	settled   = 30 * time.Second
)

var kind = schema.GroupVersionKind{Group: "modeloperator.dev", Version: "v1alpha1", Kind: "ModelDeployment"}

type reconciler struct {
	client.Client
	paitient paitient
	events   record.EventRecorder
}

func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	object := newObject()
	if err := r.Get(ctx, req.NamespacedName, object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	object = object.DeepCopy()
	id := text(object, "status", "externalID")
	switch {
	case object.GetDeletionTimestamp() != nil:
		return ctrl.Result{}, r.remove(ctx, object, id)
	case controllerutil.AddFinalizer(object, finalizer):
		return ctrl.Result{}, r.Update(ctx, object)
	case id == "":
		return r.create(ctx, object)
	default:
		return r.follow(ctx, object, id)
	}
}

func (r *reconciler) create(ctx context.Context, object *unstructured.Unstructured) (ctrl.Result, error) {
	made, err := r.paitient.call(ctx, http.MethodPost, "", map[string]any{
		"model_name": text(object, "spec", "model"), "deployment_name": object.GetName(),
		"compute_type":  text(object, "spec", "paitient", "computeType"),
		"instance_type": text(object, "spec", "paitient", "instanceType"),
		"region":        text(object, "spec", "paitient", "region"),
		"min_replicas":  replicas(object), "max_replicas": replicas(object), "auto_scaling": false,
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	r.events.Eventf(object, corev1.EventTypeNormal, "Created", "The provider's deployment is %v.", made["id"])
	return ctrl.Result{RequeueAfter: comingUp}, r.report(ctx, object, made)
}

func (r *reconciler) follow(ctx context.Context, object *unstructured.Unstructured, id string) (ctrl.Result, error) {
	found, err := r.paitient.call(ctx, http.MethodGet, "/"+id, nil)
	if err != nil {
		return ctrl.Result{}, err
	}
	if running, _ := found["min_replicas"].(float64); int64(running) != replicas(object) {
		body := map[string]any{"min_replicas": replicas(object), "max_replicas": replicas(object)}
		if found, err = r.paitient.call(ctx, http.MethodPatch, "/"+id, body); err != nil {
			return ctrl.Result{}, err
		}
	}
	after := comingUp
	if found["status"] == "running" {
		after = settled
	}
	seen, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	if text(object, "status", "providerState") == found["status"] && seen == object.GetGeneration() {
		return ctrl.Result{RequeueAfter: after}, nil
	}
	if found["status"] == "running" {
		r.events.Event(object, corev1.EventTypeNormal, "Available", "The deployment serves as specified.")
	}
	return ctrl.Result{RequeueAfter: after}, r.report(ctx, object, found)
}

func (r *reconciler) remove(ctx context.Context, object *unstructured.Unstructured, id string) error {
	if !controllerutil.ContainsFinalizer(object, finalizer) {
		return nil
	}
	if id != "" {
		if _, err := r.paitient.call(ctx, http.MethodDelete, "/"+id, nil); err != nil {
			return err
		}
	}
	controllerutil.RemoveFinalizer(object, finalizer)
	return client.IgnoreNotFound(r.Update(ctx, object))
}

func (r *reconciler) report(ctx context.Context, object *unstructured.Unstructured, found map[string]any) error {
	object.Object["status"] = status(found, object.GetGeneration(), time.Now())
	return r.Status().Update(ctx, object)
}

func main() {
	ctrl.SetLogger(logr.Discard())
	config := ctrl.GetConfigOrDie()
	config.QPS, config.Burst = 1000, 1500
	namespace := os.Getenv("NAMESPACE")
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Client:  client.Options{Cache: &client.CacheOptions{Unstructured: true}},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	check(err)
	secret := &corev1.Secret{}
	name := types.NamespacedName{Namespace: namespace, Name: "paitient"}
	check(manager.GetAPIReader().Get(context.Background(), name, secret))
	r := &reconciler{
		Client:   manager.GetClient(),
		paitient: connect(os.Getenv("PAITIENT_URL"), string(secret.Data["apiKey"]), string(secret.Data["clientID"])),
		events:   manager.GetEventRecorderFor("peer"),
	}
	options := controller.Options{MaxConcurrentReconciles: 50}
	check(ctrl.NewControllerManagedBy(manager).For(newObject()).Named("peer").WithOptions(options).Complete(r))
	go func() {
		<-manager.Elected()
		check(os.WriteFile(os.Getenv("READY_FILE"), []byte("{}"), 0o600))
	}()
	check(manager.Start(ctrl.SetupSignalHandler()))
}

func newObject() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
