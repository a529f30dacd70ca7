// SPDX-License-Identifier: Apache-2.0
// What a user of the AWS SDK for JavaScript does: create, put, get, subscribe; the SDK speaks HTTP/2
// with Kinesis unless told otherwise. Prints one JSON line with what it saw; the test judges it.
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  ListTagsForStreamCommand,
  PutRecordCommand,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  SplitShardCommand,
  SubscribeToShardCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";

const StreamName = "js";
const client = new KinesisClient({ maxAttempts: 1 });
const seen = { handler: client.config.requestHandler.constructor.name, errors: {} };
const text = (record) => Buffer.from(record.Data).toString();

async function refusal(name, command) {
  try {
    await client.send(command);
    seen.errors[name] = null;
  } catch (error) {
    seen.errors[name] = { name: error.name, message: error.message,
                          status: error.$metadata?.httpStatusCode };
  }
}

await refusal("unknown", new DescribeStreamCommand({ StreamName: "nowhere" }));
await refusal("invalid", new CreateStreamCommand({ StreamName: "bad name", ShardCount: 0 }));

await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
await waitUntilStreamExists({ client, maxWaitTime: 30 }, { StreamName });
await client.send(new AddTagsToStreamCommand({ StreamName, Tags: { language: "js" } }));
seen.tags = (await client.send(new ListTagsForStreamCommand({ StreamName }))).Tags;

const one = await client.send(new PutRecordCommand({
  StreamName, PartitionKey: "k", Data: Buffer.from("one") }));
seen.shard = one.ShardId;
const batch = await client.send(new PutRecordsCommand({
  StreamName,
  Records: [...Array(500).keys()].map((i) => ({ PartitionKey: `k${i}`, Data: Buffer.from(`${i}`) })),
}));
seen.failed = batch.FailedRecordCount;

const { ShardIterator } = await client.send(new GetShardIteratorCommand({
  StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" }));
const got = await client.send(new GetRecordsCommand({ ShardIterator }));
seen.got = got.Records.map(text);
seen.arrival = got.Records[0].ApproximateArrivalTimestamp instanceof Date;
seen.number = got.Records[0].SequenceNumber === one.SequenceNumber;

// many at once, over one HTTP/2 connection
const many = await Promise.all([...Array(200).keys()].map((i) =>
  client.send(new PutRecordCommand({ StreamName, PartitionKey: "m", Data: Buffer.from(`m${i}`) }))));
seen.many = new Set(many.map((answer) => answer.SequenceNumber)).size;

const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamName }));
const { Consumer } = await client.send(new RegisterStreamConsumerCommand({
  StreamARN: StreamDescription.StreamARN, ConsumerName: "js" }));
const { EventStream } = await client.send(new SubscribeToShardCommand({
  ConsumerARN: Consumer.ConsumerARN, ShardId: "shardId-000000000000",
  StartingPosition: { Type: "AT_SEQUENCE_NUMBER", SequenceNumber: one.SequenceNumber } }));

// the backlog, then a record put while listening, then the end of the shard
const pushed = [];
let told = false;
for await (const { SubscribeToShardEvent: event } of EventStream) {
  pushed.push(...event.Records.map(text));
  if (pushed.length >= 701 && !told) {
    told = true;
    await client.send(new PutRecordCommand({
      StreamName, PartitionKey: "k", Data: Buffer.from("while listening") }));
    await client.send(new SplitShardCommand({
      StreamName, ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: (2n ** 127n).toString() }));
  }
  if (event.ChildShards?.length) {
    seen.children = event.ChildShards.map((child) => child.ShardId);
  }
}
seen.pushed = pushed;
seen.shards = (await client.send(new ListShardsCommand({ StreamName }))).Shards.length;
console.log(JSON.stringify(seen));
client.destroy();
