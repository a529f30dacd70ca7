// SPDX-License-Identifier: Apache-2.0
// DynamoDB as users of the AWS SDK for JavaScript v3 call it: the document client writes and reads
// items, the streams client reads what changed, the Kinesis client what a destination got. Prints
// one JSON line.
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient,
  EnableKinesisStreamingDestinationCommand,
  waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand,
  ListStreamsCommand } from "@aws-sdk/client-dynamodb-streams";
import { CreateStreamCommand, DescribeStreamSummaryCommand, GetRecordsCommand as GetStreamRecords,
  GetShardIteratorCommand as GetStreamIterator, KinesisClient } from "@aws-sdk/client-kinesis";
import { BatchExecuteStatementCommand, DeleteCommand, DynamoDBDocumentClient,
  ExecuteStatementCommand, ExecuteTransactionCommand, GetCommand, PutCommand, QueryCommand,
  UpdateCommand } from "@aws-sdk/lib-dynamodb";

const ddb = new DynamoDBClient({ maxAttempts: 1 });
const documents = DynamoDBDocumentClient.from(ddb);
const streams = new DynamoDBStreamsClient({ maxAttempts: 1 });
const kinesis = new KinesisClient({ maxAttempts: 1 });
const seen = { errors: {} };
const TableName = "js-table";

async function refusal(name, client, command) {
  try {
    await client.send(command);
    seen.errors[name] = null;
  } catch (error) {
    seen.errors[name] = { name: error.name, status: error.$metadata?.httpStatusCode,
      message: error.message };
  }
}

await ddb.send(new CreateTableCommand({ TableName, BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "card", AttributeType: "S" },
    { AttributeName: "at", AttributeType: "N" }],
  KeySchema: [{ AttributeName: "card", KeyType: "HASH" }, { AttributeName: "at", KeyType: "RANGE" }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } }));
await waitUntilTableExists({ client: ddb, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { TableName });
await kinesis.send(new CreateStreamCommand({ StreamName: "js-changes", ShardCount: 1 }));
const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({
  StreamName: "js-changes" }));
seen.enabling = (await ddb.send(new EnableKinesisStreamingDestinationCommand({ TableName,
  StreamArn: StreamDescriptionSummary.StreamARN }))).DestinationStatus;

// ---- documents ----

await documents.send(new PutCommand({ TableName, Item: { card: "größe", at: 1, gone: null,
  list: [1, "two", { three: true }], tags: new Set(["b", "a"]), bytes: Buffer.from("hello") } }));
await documents.send(new UpdateCommand({ TableName, Key: { card: "größe", at: 1 },
  UpdateExpression: "SET #l[1] = :two ADD visits :one", ExpressionAttributeNames: { "#l": "list" },
  ExpressionAttributeValues: { ":two": 2, ":one": 1 } }));
await documents.send(new PutCommand({ TableName, Item: { card: "größe", at: 2 } }));
const { Item } = await documents.send(new GetCommand({ TableName, Key: { card: "größe", at: 1 } }));
seen.item = { ...Item, tags: [...Item.tags].sort(), bytes: Buffer.from(Item.bytes).toString() };
const { Items } = await documents.send(new QueryCommand({ TableName, ScanIndexForward: false,
  KeyConditionExpression: "card = :card", ExpressionAttributeValues: { ":card": "größe" } }));
seen.queried = Items.map((one) => one.at);
await documents.send(new DeleteCommand({ TableName, Key: { card: "größe", at: 2 } }));
await refusal("condition", documents, new PutCommand({ TableName, Item: { card: "größe", at: 1 },
  ConditionExpression: "attribute_not_exists(card)" }));

// ---- its stream ----

const { Table } = await ddb.send(new DescribeTableCommand({ TableName }));
seen.listed = (await streams.send(new ListStreamsCommand({ TableName }))).Streams
  .map((one) => one.StreamArn === Table.LatestStreamArn && one.StreamLabel ===
    Table.LatestStreamLabel);
const { StreamDescription } = await streams.send(new DescribeStreamCommand({
  StreamArn: Table.LatestStreamArn }));
seen.status = StreamDescription.StreamStatus;
const { ShardIterator } = await streams.send(new GetShardIteratorCommand({
  StreamArn: Table.LatestStreamArn, ShardId: StreamDescription.Shards[0].ShardId,
  ShardIteratorType: "TRIM_HORIZON" }));
const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
seen.names = Records.map((one) => one.eventName);
seen.visits = Records[1].dynamodb.NewImage.visits;
seen.before = Records[1].dynamodb.OldImage.list.L[1];
seen.created = Records.every((one) =>
  one.dynamodb.ApproximateCreationDateTime instanceof Date);
seen.more = (await streams.send(new GetRecordsCommand({ ShardIterator: NextShardIterator })))
  .Records.length;
await refusal("iterator", streams, new GetRecordsCommand({ ShardIterator: "none" }));
await refusal("stream", streams, new DescribeStreamCommand({
  StreamArn: Table.LatestStreamArn.replace("js-table", "nobody") }));

// ---- its destination ----

const start = await kinesis.send(new GetStreamIterator({ StreamName: "js-changes",
  ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" }));
const got = await kinesis.send(new GetStreamRecords({ ShardIterator: start.ShardIterator }));
seen.streamed = got.Records.map((one) => JSON.parse(Buffer.from(one.Data).toString()).eventName);

// ---- PartiQL ----

await documents.send(new ExecuteStatementCommand({
  Statement: `INSERT INTO "${TableName}" VALUE {'card': ?, 'at': ?, 'deep': ?}`,
  Parameters: ["ql", 1, { list: [1, { two: true }], tags: new Set(["x"]) }] }));
const insert = { Statement: `INSERT INTO "${TableName}" VALUE {'card': 'ql', 'at': ?}` };
const batch = await documents.send(new BatchExecuteStatementCommand({
  Statements: [{ ...insert, Parameters: [2] }, { ...insert, Parameters: [1] }] }));
seen.batch = batch.Responses.map((one) => one.Error?.Code ?? "none");
await documents.send(new ExecuteTransactionCommand({ TransactStatements: [
  { Statement: `UPDATE "${TableName}" SET n = 7 WHERE card = 'ql' AND "at" = 2` },
  { ...insert, Parameters: [3] }] }));
const select = { Statement: `SELECT "at", deep.list[1] FROM "${TableName}" WHERE card = ?`,
  Parameters: ["ql"], Limit: 2 };
const page = await documents.send(new ExecuteStatementCommand(select));
const rest = await documents.send(new ExecuteStatementCommand({ ...select,
  NextToken: page.NextToken }));
seen.selected = [...page.Items, ...rest.Items];
await refusal("statement", documents, new ExecuteStatementCommand({ Statement: "SLECT 1" }));
await refusal("transaction", documents, new ExecuteTransactionCommand({ TransactStatements: [
  { ...insert, Parameters: [1] }] }));
console.log(JSON.stringify(seen));
for (const client of [documents, ddb, streams, kinesis]) client.destroy();
