package inprocess_test

import (
	"testing"
	"time"

	"github.com/musterfleet/muster/executor/executortest"
	"github.com/musterfleet/muster/executor/inprocess"
	"github.com/musterfleet/muster/executor/wire"
)

func TestContract(t *testing.T) {
	executortest.Transport(t, func(t *testing.T) executortest.Fleet {
		f := inprocess.New(time.Now)
		return executortest.Fleet{
			Transport: f,
			Report: func(t *testing.T, r wire.Report) {
				if err := f.Report(r.About(), wire.Encode(r)); err != nil {
					t.Fatal(err)
				}
			},
			Plant: func(_ *testing.T, bucket, key string, value []byte) { f.Plant(bucket, key, value) },
		}
	})
}
