package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/musterfleet/muster/executor/operator"
)

// traces tells a collector of OpenTelemetry what was done when. Where it is, and how it is spoken
// to, the environment says, by the variables of that standard.
type traces struct {
	tracer trace.Tracer
	stop   func()
}

// startTraces is silent where no collector is named.
func startTraces(ctx context.Context, log *slog.Logger) (traces, error) {
	named := false
	for _, v := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		named = named || os.Getenv(v) != ""
	}
	if !named {
		return traces{noop.NewTracerProvider().Tracer("muster"), func() {}}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return traces{}, err
	}
	about, err := resource.New(ctx, resource.WithFromEnv(), resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", serviceName()), attribute.String("service.version", readBuild().String())))
	if err != nil {
		return traces{}, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("a trace is lost", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return traces{provider.Tracer("muster"), func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.Warn("the last traces are lost", "error", err)
		}
	}}, nil
}

func serviceName() string {
	if name := os.Getenv("OTEL_SERVICE_NAME"); name != "" {
		return name
	}
	return "muster-serve"
}

// spans are pieces of work as spans of a trace.
func (t traces) spans() operator.Span {
	return func(ctx context.Context, name string, about ...slog.Attr) (context.Context, func(error)) {
		ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes(about)...))
		return ctx, func(err error) {
			if err != nil {
				span.RecordError(err)
				span.SetStatus(otelcodes.Error, err.Error())
			}
			span.End()
		}
	}
}

func attributes(about []slog.Attr) []attribute.KeyValue {
	var out []attribute.KeyValue
	for _, a := range about {
		switch a.Value.Kind() {
		case slog.KindInt64:
			out = append(out, attribute.Int64("muster."+a.Key, a.Value.Int64()))
		default:
			out = append(out, attribute.String("muster."+a.Key, a.Value.String()))
		}
	}
	return out
}
