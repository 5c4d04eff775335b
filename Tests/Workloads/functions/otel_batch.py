"""OpenTelemetry's batch processor: a thread that waits with a timeout, and trace ids."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

exported = []


class Keep(SpanExporter):
    def export(self, spans):
        exported.extend(spans)
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Keep(), schedule_delay_millis=200))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("thaw")
with tracer.start_as_current_span("init"):
    pass
provider.force_flush()


def use(context):
    with tracer.start_as_current_span("call") as span:
        with tracer.start_as_current_span("inner"):
            pass
    provider.force_flush()
    assert [each.name for each in exported[-2:]] == ["inner", "call"], exported
    return [format(span.get_span_context().trace_id, "032x")]
