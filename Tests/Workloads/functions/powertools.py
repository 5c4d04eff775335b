"""AWS's own toolkit: structured logs, metrics, traces, a router and validated models."""

import json
import uuid

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel

logger = Logger(service="orders")
metrics = Metrics(namespace="shop", service="orders")
tracer = Tracer(service="orders")
app = APIGatewayHttpResolver(enable_validation=True)


class Order(BaseModel):
    item: str
    count: int


@app.post("/orders")
@tracer.capture_method
def place(order: Order) -> dict:
    metrics.add_metric(name="orders", unit=MetricUnit.Count, value=order.count)
    logger.info("placed", item=order.item)
    return {"id": str(uuid.uuid4()), "count": order.count}


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def serve(event, context):
    return app.resolve(event, context)


def post(context, body):
    return serve(
        {
            "version": "2.0", "rawPath": "/orders", "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": "POST", "path": "/orders"}, "stage": "$default"},
            "body": json.dumps(body), "isBase64Encoded": False,
        },
        context,
    )  # fmt: skip


def use(context):
    answer = post(context, {"item": "pen", "count": 2})
    assert answer["statusCode"] == 200, answer
    assert post(context, {"item": "pen", "count": "many"})["statusCode"] == 422
    body = json.loads(answer["body"])
    assert body["count"] == 2
    return [body["id"]]
