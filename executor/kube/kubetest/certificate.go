package kubetest

import (
	"net"
	"os"
	"path/filepath"

	"k8s.io/client-go/util/cert"
)

// Certify writes tls.crt and tls.key of a host on the loopback into a directory, as a mounted
// secret has them, and gives the certificate. Who reads them meanwhile sees the old or the new ones.
func Certify(dir, host string) ([]byte, error) {
	crt, key, err := cert.GenerateSelfSignedCertKey(host, []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{"tls.key", key}, {"tls.crt", crt}} {
		part := filepath.Join(dir, f.name+".part")
		if err := os.WriteFile(part, f.text, 0o600); err != nil {
			return nil, err
		}
		if err := os.Rename(part, filepath.Join(dir, f.name)); err != nil {
			return nil, err
		}
	}
	return crt, nil
}
