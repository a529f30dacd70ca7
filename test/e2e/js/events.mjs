// SPDX-License-Identifier: Apache-2.0
// S3, SQS and SNS as users of the AWS SDK for JavaScript v3 call them: an object put, its
// notification fanned out, received, deleted; an upload in parts; presigned-free plain calls. The
// SDK checks MD5s and checksums itself and throws where they do not match. Prints one JSON line.
import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient,
  SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, DeleteMessageBatchCommand, GetQueueAttributesCommand,
  ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand,
  SQSClient } from "@aws-sdk/client-sqs";
import { Upload } from "@aws-sdk/lib-storage";
import { createHash } from "node:crypto";

const s3 = new S3Client({ maxAttempts: 1, forcePathStyle: true });
const sqs = new SQSClient({ maxAttempts: 1 });
const sns = new SNSClient({ maxAttempts: 1 });
const seen = { errors: {} };
const Bucket = "js-events";
const sha = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function refusal(name, client, command) {
  try {
    await client.send(command);
    seen.errors[name] = null;
  } catch (error) {
    seen.errors[name] = { name: error.name, status: error.$metadata?.httpStatusCode };
  }
}

async function receiveAll(QueueUrl, count) {
  const found = [];
  while (found.length < count) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({
      QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2, MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"] }));
    if (Messages.length === 0) break;
    found.push(...Messages);
    const gone = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl,
      Entries: Messages.map((m, i) => ({ Id: `${i}`, ReceiptHandle: m.ReceiptHandle })) }));
    if (gone.Failed?.length) throw new Error(JSON.stringify(gone.Failed));
  }
  return found;
}

await refusal("noBucket", s3, new GetObjectCommand({ Bucket: "js-nowhere", Key: "k" }));
await refusal("noQueue", sqs, new SendMessageCommand({
  QueueUrl: `${process.env.AWS_ENDPOINT_URL}/111122223333/nowhere`, MessageBody: "x" }));
await refusal("noTopic", sns, new PublishCommand({
  TopicArn: "arn:aws:sns:us-east-1:111122223333:nowhere", Message: "x" }));

await s3.send(new CreateBucketCommand({ Bucket }));
await refusal("noKey", s3, new GetObjectCommand({ Bucket, Key: "k" }));
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "js-queue" }));
const { Attributes } = await sqs.send(new GetQueueAttributesCommand({
  QueueUrl, AttributeNames: ["QueueArn"] }));
const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "js-topic" }));
await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: Attributes.QueueArn }));
await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket,
  NotificationConfiguration: { TopicConfigurations: [
    { TopicArn, Events: ["s3:ObjectCreated:*"] }] } }));
await receiveAll(QueueUrl, 1); // the s3:TestEvent

// an object, its notification, its content
const Key = "a folder/größe & more+.txt";
const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "hello", Metadata: { a: "b" } }));
seen.etag = put.ETag;
const [told] = await receiveAll(QueueUrl, 1);
const envelope = JSON.parse(told.Body);
const record = JSON.parse(envelope.Message).Records[0];
seen.notified = { type: envelope.Type, event: record.eventName, size: record.s3.object.size,
  key: decodeURIComponent(record.s3.object.key.replaceAll("+", " ")) };
const got = await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
seen.got = { text: await got.Body.transformToString(), metadata: got.Metadata };

// an upload in parts
const large = Buffer.alloc(12 * 1024 * 1024 + 5, "weir");
await new Upload({ client: s3, params: { Bucket, Key: "large", Body: large },
  partSize: 5 * 1024 * 1024 }).done();
const back = await s3.send(new GetObjectCommand({ Bucket, Key: "large" }));
seen.large = sha(await back.Body.transformToByteArray()) === sha(large);
seen.parts = (await s3.send(new HeadObjectCommand({ Bucket, Key: "large" }))).ETag.split("-")[1];
seen.keys = (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents.map((o) => o.Key);
await receiveAll(QueueUrl, 1);

// a queue: the SDK holds the MD5s against what it sent
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "größe", MessageAttributes: {
  kind: { DataType: "String", StringValue: "scan" },
  bytes: { DataType: "Binary", BinaryValue: Buffer.from([1, 2, 3]) } } }));
const batch = await sqs.send(new SendMessageBatchCommand({ QueueUrl,
  Entries: [...Array(10).keys()].map((i) => ({ Id: `${i}`, MessageBody: `m${i}` })) }));
seen.sent = batch.Successful.length;
const messages = await receiveAll(QueueUrl, 11);
seen.received = messages.map((m) => m.Body).sort();
seen.attribute = messages.find((m) => m.Body === "größe").MessageAttributes.kind.StringValue;

const published = await sns.send(new PublishBatchCommand({ TopicArn,
  PublishBatchRequestEntries: [1, 2, 3].map((i) => ({ Id: `${i}`, Message: `p${i}` })) }));
seen.published = published.Successful.length;
seen.fanned = (await receiveAll(QueueUrl, 3)).map((m) => JSON.parse(m.Body).Message).sort();

console.log(JSON.stringify(seen));
