package setuptest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Machine is a machine behind an sshd at Address.
type Machine struct {
	Address string
	// Known is the public key that it shows, as a line of known_hosts.
	Known string

	tb     testing.TB
	first  *exec.Cmd // process 1, whose end is the machine's
	mu     sync.Mutex
	visits map[*exec.Cmd]net.Conn
}

// boot makes a root over that of this machine, whose changes are kept in memory, and lives on in
// it. The hosts file and what tests may look for are not those of this machine.
const boot = `set -e
mount --make-rprivate /
mount -t tmpfs -o size=1g muster "$1"
cd "$1"
mkdir up work root
mount -t overlay -o lowerdir=/,upperdir=up,workdir=work muster root
mount --rbind /dev root/dev
mount --rbind /sys root/sys
mount -t proc proc root/proc
mount -t tmpfs tmpfs root/run
mkdir -p root/run/sshd
hostname "$2"
ip link set lo up
printf '%s' "$3" > root/etc/ssh/test_host_key
chmod 600 root/etc/ssh/test_host_key
printf '%s' "$4" > root/etc/ssh/test_users
cat > root/etc/ssh/test_config <<END
HostKey /etc/ssh/test_host_key
AuthorizedKeysFile /etc/ssh/test_users
PermitRootLogin yes
PasswordAuthentication yes
UsePAM no
StrictModes no
LogLevel ERROR
END
printf '127.0.0.1 localhost\n' > root/etc/hosts
cd root
mkdir -p old
pivot_root . old
umount -l /old
rmdir /old
touch /run/booted
exec sleep infinity
`

// Boot starts a machine. It needs root and namespaces: where those are not to be had, it says why
// and skips the test.
func Boot(tb testing.TB, name string, o *Operator) *Machine {
	tb.Helper()
	for _, program := range []string{"/usr/sbin/sshd", "nsenter", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			tb.Skipf("no machine to set up: %v; .ci/deps installs it", err)
		}
	}
	if os.Getuid() != 0 {
		tb.Skip("no machine to set up: making one needs root")
	}
	private, public := newKey(tb)
	m := &Machine{tb: tb, visits: map[*exec.Cmd]net.Conn{}}
	m.first = exec.Command("sh", "-c", boot, "boot", tb.TempDir(), name, string(private), o.public)
	var noise strings.Builder
	m.first.Stderr = &noise
	m.first.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWPID}
	if err := m.first.Start(); err != nil {
		tb.Skipf("no machine to set up: no namespaces here: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- m.first.Wait() }()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := m.run("test", "-e", "/run/booted"); err == nil {
			break
		}
		select {
		case <-ended:
			tb.Skipf("no machine to set up: %s", noise.String())
		default:
		}
		if time.Since(begun) > time.Minute {
			tb.Fatalf("the machine does not start: %s", noise.String())
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	m.Address = listener.Addr().String()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil {
		tb.Fatal(err)
	}
	m.Known = knownhosts.Line([]string{knownhosts.Normalize(m.Address)}, key)
	go m.serve(listener)
	tb.Cleanup(func() {
		_ = listener.Close()
		m.Die()
		_ = m.first.Process.Kill()
		<-ended
	})
	return m
}

func (m *Machine) enter(argv ...string) *exec.Cmd {
	pid := fmt.Sprint(m.first.Process.Pid)
	return exec.Command("nsenter", append([]string{"-t", pid, "-m", "-n", "-u", "-p", "-r", "-w", "--"}, argv...)...)
}

func (m *Machine) run(argv ...string) (string, error) {
	out, err := m.enter(argv...).CombinedOutput()
	return string(out), err
}

// Run runs a script on the machine as who sits at it.
func (m *Machine) Run(script string) string {
	m.tb.Helper()
	out, err := m.run("sh", "-ec", script)
	if err != nil {
		m.tb.Fatalf("%s: %v: %s", script, err, out)
	}
	return out
}

// serve gives each connection an sshd in the machine.
func (m *Machine) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // closed: the test is over
		}
		m.visit(conn)
	}
}

func (m *Machine) visit(conn net.Conn) {
	socket, err := conn.(*net.TCPConn).File()
	if err != nil {
		_ = conn.Close()
		return
	}
	c := m.enter("/usr/sbin/sshd", "-i", "-e", "-f", "/etc/ssh/test_config")
	c.Stdin, c.Stdout = socket, socket
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer socket.Close()
	if err := c.Start(); err != nil {
		_ = conn.Close()
		return
	}
	m.visits[c] = conn
	go func() {
		_ = c.Wait() // its visitor sees how it ended
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.visits, c)
		_ = conn.Close()
	}()
}

// Die ends all that visitors do on the machine, at once and without a word, as a loss of power does.
// What is on its disk stays, and who comes again finds it there.
func (m *Machine) Die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c, conn := range m.visits {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = conn.Close()
	}
	_, _ = m.run("sh", "-c", "for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p = 1 ] || [ $p = $$ ] || kill -9 $p; done")
}
