// Client-go against a Kubernetes API: each check prints one line, "ok NAME" or "FAIL NAME: why". A line "RESTART" asks whoever
// started this program to kill and restart the API at the same address; it goes on when a line comes back on stdin.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

const namespace = "default"

// world is what the checks share.
type world struct {
	config   *rest.Config
	traffic  *traffic
	client   kubernetes.Interface
	dynamic  dynamic.Interface
	metadata metadata.Interface
	answers  *bufio.Reader
}

type check struct {
	name string
	run  func(ctx context.Context, w *world) error
}

func open(kubeconfig string) (*world, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	w := &world{config: config, traffic: newTraffic(), answers: bufio.NewReader(os.Stdin)}
	config.QPS = -1
	config.Wrap(w.traffic.wrap)
	if w.client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if w.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	w.metadata, err = metadata.NewForConfig(config)
	return w, err
}

// restart returns when the API is back at its address.
func (w *world) restart() error {
	fmt.Println("RESTART")
	_, err := w.answers.ReadString('\n')
	return err
}

// until polls: informers tell of an object, not of a state of the whole.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	for {
		ok, err := holds()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return fmt.Errorf("never: %s: %w", what, err)
			}
			return fmt.Errorf("never: %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the API to talk to")
	fields := flag.Bool("fields", false, "print how protobuf carries the kinds, and end")
	timeout := flag.Duration("timeout", time.Minute, "for each check; client-go waits ever longer between its tries")
	flag.Parse()
	if *fields {
		fmt.Println(fieldTable())
		return
	}
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
	w, err := open(*kubeconfig)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	failed := false
	for _, c := range checks {
		started := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), *timeout)
		err := c.run(ctx, w)
		cancel()
		if err != nil {
			failed = true
			fmt.Printf("FAIL %s: %v\n", c.name, err)
			continue
		}
		fmt.Printf("ok %s (%d ms)\n", c.name, time.Since(started).Milliseconds())
	}
	if failed {
		os.Exit(1)
	}
}

var checks = []check{
	{"discovery, RESTMapper and OpenAPI", discoveryCheck},
	{"pagination is of one moment while others write", paginationCheck},
	{"lost updates are refused and RetryOnConflict wins", conflictCheck},
	{"JSON, merge and strategic merge patches", patchCheck},
	{"server-side apply is refused as unsupported media type", applyCheck},
	{"protobuf and JSON make the same objects", protobufCheck},
	{"errors are told apart by reason", reasonCheck},
	{"graceful deletion of a pod, as a kubelet does it", podLifeCheck},
	{"event recorders of both API groups fold repeats", recorderCheck},
	{"leader election hands over", leaderCheck},
	{"a controller with a work queue reconciles all", controllerCheck},
	{"informers see ADDED, MODIFIED and DELETED, before and after a restart of the API", informerCheck},
	{"a watch from an expired version gets 410", expiredCheck},
}
