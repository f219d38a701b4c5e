package kube_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admission "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/musterfleet/muster/algebra"
	"github.com/musterfleet/muster/executor/kube"
)

// ask reviews an object as an API server would have it reviewed.
func ask(t *testing.T, a kube.Admission, op admission.Operation, kind, name string, spec any) *admission.AdmissionResponse {
	t.Helper()
	object, err := json.Marshal(map[string]any{"apiVersion": "muster.fleet/v1alpha1", "kind": kind, "metadata": map[string]any{"name": name}, "spec": spec})
	must(t, err)
	request := &admission.AdmissionRequest{UID: "u1", Operation: op, Name: name, Kind: metav1.GroupVersionKind{Group: kube.Group, Version: kube.Version, Kind: kind}}
	if op == admission.Delete {
		request.OldObject = runtime.RawExtension{Raw: object}
	} else {
		request.Object = runtime.RawExtension{Raw: object}
	}
	body, err := json.Marshal(admission.AdmissionReview{Request: request})
	must(t, err)
	answer := httptest.NewRecorder()
	a.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body)))
	var review admission.AdmissionReview
	must(t, json.Unmarshal(answer.Body.Bytes(), &review))
	if review.Response == nil || review.Response.UID != "u1" || review.Request != nil {
		t.Fatalf("the answer is %s", answer.Body)
	}
	return review.Response
}

func TestAdmission(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	denies := ""
	a := kube.Admission{Cluster: b.cluster, Check: func(context.Context, algebra.World, algebra.World) (kube.Verdict, error) {
		if denies != "" {
			return kube.Verdict{Refused: []string{denies}}, nil
		}
		return kube.Verdict{}, nil
	}}
	for _, c := range []struct {
		what, kind, name string
		spec             map[string]any
		op               admission.Operation
		denies           string // by the gates
		refused, warned  string // part of the message; empty: not
	}{
		{what: "a good document", kind: "Fleet", name: "test", spec: map[string]any{"expression": `label("env") = "test"`}},
		{what: "no selector", kind: "Fleet", name: "test", spec: map[string]any{"expression": `label("env") =`}, refused: "Fleet/test: expression: "},
		{what: "a type error", kind: "Fleet", name: "prod", op: admission.Update, spec: map[string]any{"expression": `label("env") < "prod"`}, refused: "Fleet/prod: expression: "},
		{what: "a name that comes later", kind: "Fleet", name: "test", spec: map[string]any{"expression": `@later`}, warned: "Fleet/test: expression: unknown name @later"},
		{what: "a deployment that comes later", kind: "Assignment", name: "db", spec: map[string]any{"fleet": "all", "deploy": []any{"db@1"}}, warned: "unknown app db"},
		{what: "what others use goes", kind: "Fleet", name: "prod", op: admission.Delete, spec: map[string]any{"expression": `label("env") = "prod"`}, warned: "unknown name @prod"},
		{what: "the same version twice", kind: "Deployment", name: "log-again", spec: map[string]any{"app": "log", "version": "1",
			"podman": map[string]any{"containers": []any{map[string]any{"name": "log", "image": "x"}}}}, refused: "log@1 is declared twice"},
		{what: "a circle", kind: "Fleet", name: "prod", op: admission.Update, spec: map[string]any{"expression": "@canary"}, refused: "Fleet/prod"},
		{what: "the gates deny", kind: "Fleet", name: "test", spec: map[string]any{"expression": `label("env") = "test"`}, denies: "freeze: not today", refused: "freeze: not today"},
	} {
		denies = c.denies
		op := c.op
		if op == "" {
			op = admission.Create
		}
		r := ask(t, a, op, c.kind, c.name, c.spec)
		message := ""
		if r.Result != nil {
			message = r.Result.Message
		}
		if r.Allowed != (c.refused == "") || !strings.Contains(message, c.refused) {
			t.Errorf("%s: allowed %t, %q; want a refusal with %q", c.what, r.Allowed, message, c.refused)
		}
		if warned := strings.Join(r.Warnings, "; "); c.warned == "" && c.refused == "" && warned != "" || !strings.Contains(warned, c.warned) {
			t.Errorf("%s: warnings %q, want %q", c.what, warned, c.warned)
		}
	}
}

// TestAdmissionReadsAnything: what is no review is an error, and no crash.
func TestAdmissionReadsAnything(t *testing.T) {
	for _, body := range []string{"", "{", "{}", `{"request":null}`, strings.Repeat("[", 100000)} {
		answer := httptest.NewRecorder()
		kube.Admission{}.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)))
		if answer.Code != http.StatusBadRequest {
			t.Errorf("%.20q: %d", body, answer.Code)
		}
	}
}

// TestWatch: a change of a document is told, and one of a status is not.
func TestWatch(t *testing.T) {
	b := open(t)
	_, err := b.cluster.Import(t.Context(), sampleFiles(t))
	must(t, err)
	news := b.cluster.Watch(t.Context()).News()
	within(t, news, "what is there")
	quiet(news)
	s := read(t, b.cluster)
	w, _ := s.World()
	_, err = b.cluster.Write(t.Context(), kube.Project(s, kube.View{World: w, Reality: seen(t, w, nil)}))
	must(t, err)
	quiet(news) // finalizers are news, once
	o := b.get("fleets", "prod")
	must(t, setExpression(o, `label("env") in ("prod", "live")`))
	_, err = b.of("fleets").Update(t.Context(), o, metav1.UpdateOptions{})
	must(t, err)
	within(t, news, "a changed fleet")
	server.Restart()
	quiet(news)
	o = b.get("fleets", "prod")
	must(t, setExpression(o, `label("env") = "prod"`))
	_, err = b.of("fleets").Update(t.Context(), o, metav1.UpdateOptions{})
	must(t, err)
	within(t, news, "a change after the API server was restarted")
}
