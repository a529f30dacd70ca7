# SPDX-License-Identifier: Apache-2.0
"""What the tests of event source mappings share: mappings, and what their functions saw.

A function tells what it was given by sending its event to a queue of the test's own over plain
HTTP: Python's own library, so that a worker needs nothing else. `seen()` gives what came.
"""
import json

from lambda_run_kit import Kit, until

# `tell(texts)` sends each to the queue in TELL, in one request of the JSON protocol.
TELL = '''
import json, os, urllib.request, uuid

def tell(*texts):
    for at in range(0, len(texts), 10):
        body = json.dumps({"QueueUrl": os.environ["TELL"], "Entries": [
            {"Id": str(i), "MessageBody": text, "MessageGroupId": "told",
             "MessageDeduplicationId": str(uuid.uuid4())}
            for i, text in enumerate(texts[at:at + 10])]})
        request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body.encode(), {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AmazonSQS.SendMessageBatch"})
        urllib.request.urlopen(request).read()
'''


class Mappings(Kit):
    """Functions with mappings, of one server."""

    def __init__(self, weir):
        super().__init__(weir)
        self.kinesis = weir.client("kinesis")
        self.dynamodb = weir.client("dynamodb")

    def telling(self, name, source, **more):
        """A function whose source may call tell(); what it tells goes to a queue of that name."""
        told = self.queue(f"{name}-told.fifo", FifoQueue="true")
        return self.function(name, TELL + source, Environment={"Variables": {
            "TELL": self.url_of(told)}}, **more)

    def messages(self, queue, count):
        """As Kit's, but it does not wait on the server, whose clock may stand still."""
        found = []

        def came():
            for message in self.sqs.receive_message(
                    QueueUrl=self.url_of(queue), AttributeNames=["All"],
                    MaxNumberOfMessages=min(10, count - len(found))).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.url_of(queue),
                                        ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
            return len(found) == count
        until(came, f"{count} messages in {queue}")
        return found

    def told(self, name, count):
        """So many of what that function told, in the order in which it came."""
        return [m["Body"] for m in self.messages(f"x:{name}-told.fifo", count)]

    def mapping(self, function, source, **more):
        """Its UUID; it is enabled when this returns."""
        made = self.functions.create_event_source_mapping(
            FunctionName=function, EventSourceArn=source, **more)
        self.is_in_state(made["UUID"], "Enabled" if more.get("Enabled", True) else "Disabled")
        return made["UUID"]

    def is_in_state(self, uuid, state):
        until(lambda: self.functions.get_event_source_mapping(UUID=uuid)["State"] == state, state)

    def stream(self, name, shards=1):
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)
        return self.kinesis.describe_stream_summary(StreamName=name)[
            "StreamDescriptionSummary"]["StreamARN"]

    def put(self, stream, key, *texts):
        self.kinesis.put_records(StreamName=stream, Records=[
            {"PartitionKey": key, "Data": text.encode()} for text in texts])

    def shown(self, name=""):
        """What `weir mappings` shows."""
        return json.loads(self.weir.ask("GET", f"/_weir/lambda/mappings?name={name}")[2])["mappings"]

    def held(self, act, mapping, key=""):
        """act: "hold" or "release"."""
        status, _, body = self.weir.ask(
            "POST", f"/_weir/{act}?kind=mapping&name={mapping}&key={key}")
        assert status == 200, body
        assert json.loads(body)["changed"], body

    def hops(self, trace):
        return json.loads(self.weir.ask("GET", f"/_weir/trace?id={trace}")[2])["hops"]
