package oracletest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Program is the path of the oracle's program, empty where there is none.
func Program() string { return os.Getenv("MUSTER_ORACLE") }

// Live is the running program.
type Live struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Start runs the program.
func Start(path string) (*Live, error) {
	cmd := exec.Command(path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	return &Live{cmd, in, bufio.NewReaderSize(out, 1<<20)}, nil
}

// Ask is the model's answer to one line.
func (l *Live) Ask(line string) (string, error) {
	if _, err := io.WriteString(l.in, line+"\n"); err != nil {
		return "", fmt.Errorf("oracle: %w", err)
	}
	answer, err := l.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("oracle: no answer to %s: %w", line, err)
	}
	return strings.TrimSuffix(answer, "\n"), nil
}

// Close ends the program.
func (l *Live) Close() error { return errors.Join(l.in.Close(), l.cmd.Wait()) }

// Case is a question and the model's answer.
type Case struct{ Ask, Answer string }

// ReadCorpus reads the cases of a file that WriteCorpus wrote.
func ReadCorpus(path string) ([]Case, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var cases []Case
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		ask, answer, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			return nil, fmt.Errorf("%s:%d: no tab between question and answer", path, len(cases)+1)
		}
		cases = append(cases, Case{ask, answer})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cases, nil
}

// WriteCorpus writes cases, one a line, compressed. Equal cases give equal bytes.
func WriteCorpus(path string, cases []Case) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if _, err := fmt.Fprintf(z, "%s\t%s\n", c.Ask, c.Answer); err != nil {
			return err
		}
	}
	return z.Close()
}
