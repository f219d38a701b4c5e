// Command apiserver is a kube-apiserver with its etcd in one process, for tests: all of
// Kubernetes that muster talks to.
//
//	kube-apiserver DIR
//
// It keeps what it has in DIR, listens on a port of the loopback and, once it is ready, writes
// DIR/kubeconfig, of an administrator. Who does what is written to DIR/audit.log. A second start on DIR takes up the same store and port.
package main

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kube-apiserver:", err)
		code = 1
	}
	os.Exit(code)
}

func run() (code int, err error) {
	if len(os.Args) != 2 {
		return 0, errors.New("usage: kube-apiserver DIR")
	}
	d, err := open(os.Args[1])
	if err != nil {
		return 0, err
	}
	store, err := d.etcd()
	if err != nil {
		return 0, err
	}
	defer store.Close() // after the API server, which has unsaved work for it
	go d.announce()
	command := app.NewAPIServerCommand()
	command.SetArgs(d.flags(store))
	return cli.Run(command), nil
}
