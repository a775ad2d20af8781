// Command kube-apiserver is the API server of Kubernetes with etcd inside: one process that tests and the demo
// start on loopback, use and throw away. With --etcd-servers it is the plain API server.
package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // the API server's own client metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // kubernetes_build_info
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

const (
	embeddedFlag     = "--embedded-etcd="
	etcdStartTimeout = 30 * time.Second
)

func main() {
	args, dataDir := takeEmbeddedFlag(os.Args)
	if dataDir == "" {
		os.Exit(cli.Run(app.NewAPIServerCommand()))
	}
	etcd, endpoint, err := startEtcd(dataDir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "embedded etcd in %s: %v\n", dataDir, err)
		os.Exit(1)
	}
	os.Args = append(args, "--etcd-servers="+endpoint)
	code := cli.Run(app.NewAPIServerCommand())
	etcd.Close()
	os.Exit(code)
}

// takeEmbeddedFlag removes --embedded-etcd=DIR, which the API server's own flags do not know, from the command line.
func takeEmbeddedFlag(args []string) (rest []string, dataDir string) {
	for _, arg := range args {
		if value, found := strings.CutPrefix(arg, embeddedFlag); found {
			dataDir = value
			continue
		}
		rest = append(rest, arg)
	}
	return rest, dataDir
}

// startEtcd serves on unix sockets in dataDir: no port to find free, and nobody but the owner of the folder gets in.
func startEtcd(dataDir string) (*embed.Etcd, string, error) {
	client := url.URL{Scheme: "unix", Path: filepath.Join(dataDir, "client.sock")}
	peer := url.URL{Scheme: "unix", Path: filepath.Join(dataDir, "peer.sock")}
	config := embed.NewConfig()
	config.Dir = filepath.Join(dataDir, "data")
	config.LogLevel = "error"
	config.ListenClientUrls, config.ListenPeerUrls = []url.URL{client}, []url.URL{peer}
	config.UnsafeNoFsync = true // the data is thrown away with the process, and fsync costs most of a write
	config.QuotaBackendBytes = 4 << 30
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, "", err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, client.String(), nil
	case err := <-etcd.Err():
		return nil, "", err
	case <-time.After(etcdStartTimeout):
		etcd.Close()
		return nil, "", fmt.Errorf("not ready after %s", etcdStartTimeout)
	}
}
