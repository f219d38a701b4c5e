package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/musterfleet/muster/executor/operator/rota"
)

// StatusKey is under which it is published how the one that leads stands.
const StatusKey = "operator"

// SummaryPrefix begins the keys of summaries.
const SummaryPrefix = "shard-"

// SummaryKey is that of the summary of a shard.
func SummaryKey(shard int) string { return fmt.Sprintf(SummaryPrefix+"%02d", shard) }

// How often summaries are looked at: where something changed, and for the devices that fell silent.
const (
	summaryEvery = 5 * time.Second
	summaryIdle  = 30 * time.Second
)

// summaryAt is when a summary that changed may be published.
func (l *loop) summaryAt() time.Time {
	if !l.changed || l.Publish == nil || l.Mode == DryRun || l.held.Shards == [rota.Shards]bool{} {
		return time.Time{}
	}
	return later(l.summaryDue, l.Now())
}

// publishSummaries writes the summaries of this replica's shards that are others than before.
func (l *loop) publishSummaries(ctx context.Context) {
	now := l.Now()
	idle := !l.changed && now.Before(l.summarized.Add(summaryIdle))
	if l.Publish == nil || l.Mode == DryRun || now.Before(l.summaryDue) || idle || l.held.Shards == [rota.Shards]bool{} {
		return
	}
	began := time.Now()
	all := l.summarize(l.held.Shards)
	took := time.Since(began)
	l.changed, l.summarized, l.summaryDue = false, now, now.Add(max(cmp.Or(l.SummaryEvery, summaryEvery), 20*took))
	for n, s := range all {
		if !l.held.Shards[n] {
			l.last[n] = ""
			continue
		}
		text := encoded(s)
		if text == l.last[n] {
			continue
		}
		s.At = now.UTC().Truncate(time.Second)
		if l.put(ctx, SummaryKey(n), s) {
			l.last[n] = text
		}
	}
}

// put publishes something of this operator; what fails is done again with the next look at it.
func (l *loop) put(ctx context.Context, key string, v any) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := l.Publish(ctx, key, []byte(encoded(v)))
	if err != nil {
		l.Log.Debug("a summary is not published", "key", key, "error", err)
		l.changed = true
	}
	return err == nil
}

// publishStatus writes how the one that leads stands, if that is new.
func (l *loop) publishStatus(ctx context.Context) {
	if l.Publish == nil || l.Mode == DryRun || !l.held.Lead {
		return
	}
	told := Told{Status: l.Status(), By: l.Applier.By, Holder: l.Applier.Holder}
	if told != l.told && l.put(ctx, StatusKey, told) {
		l.told = told
	}
}

// Told is a status as it is published, and whose it is.
type Told struct {
	Status
	By     string `json:"by"`
	Holder string `json:"holder"`
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("operator: " + err.Error()) // texts, numbers and times always encode
	}
	return string(text)
}
