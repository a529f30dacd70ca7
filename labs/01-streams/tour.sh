#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same system as template.yaml, made call by call, each resource with what it is for.
#
#   tour.sh [NAME]         makes it and sends a few events through it
#   tour.sh clean [NAME]   removes it
#
# AWS_ENDPOINT_URL says whose AWS it is, as for every program; without it, it is AWS's own. The functions must be
# built (make labs; for AWS: make labs TLS=1). Each call is shown before it is made.
# Where a name is taken already it ends: clean first.
set -euo pipefail
cd "$(dirname "$0")"
export AWS_PAGER= AWS_DEFAULT_OUTPUT=json

# The AWS CLI 1 asks for queues where they are on AWS, whatever AWS_ENDPOINT_URL says; a word it obeys.
aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} "$@"; }

CLEAN=
if [ "${1:-}" = clean ]; then
    CLEAN=yes
    shift
fi
NAME=${1:-streams-tour}
REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
export AWS_DEFAULT_REGION=$REGION
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
BUCKET=$NAME-$ACCOUNT-$REGION
STREAM_ARN=arn:aws:kinesis:$REGION:$ACCOUNT:stream/$NAME
TOPIC_ARN=arn:aws:sns:$REGION:$ACCOUNT:$NAME
QUEUE_ARN=arn:aws:sqs:$REGION:$ACCOUNT:$NAME
FAILURES_ARN=arn:aws:sqs:$REGION:$ACCOUNT:$NAME-failures
exec 3>&1 # calls are shown with what is said, also where their answers go elsewhere
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

say() { printf '\n== %s\n' "$*"; }
# Shows a call and makes it.
call() {
    local word
    printf '   $ aws' >&3
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./:=,-]*) printf " '%s'" "$word" >&3 ;;
        *) printf ' %s' "$word" >&3 ;;
        esac
    done
    printf '\n' >&3
    aws "$@"
}
# Makes a call until it succeeds: a new role takes AWS some seconds to be known everywhere.
call_until() {
    local tries
    for tries in 1 2 3 4 5 6 7 8; do
        call "$@" >"$WORK/out" 2>"$WORK/err" && return 0
        sleep "$tries"
    done
    cat "$WORK/err" >&2
    return 1
}
# trusted SERVICE: who may take a role
trusted() {
    printf '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s"},"Action":"sts:AssumeRole"}]}' "$1"
}
# allow ACTIONS RESOURCES [ACTIONS RESOURCES]...: a policy; lists are JSON
allow() {
    local comma=
    printf '{"Version":"2012-10-17","Statement":['
    while [ $# -gt 0 ]; do
        printf '%s{"Effect":"Allow","Action":%s,"Resource":%s}' "$comma" "$1" "$2"
        comma=,
        shift 2
    done
    printf ']}'
}
# role NAME SERVICE POLICY
role() {
    call iam create-role --role-name "$1" --assume-role-policy-document "$(trusted "$2")" >/dev/null
    call iam put-role-policy --role-name "$1" --policy-name own --policy-document "$3"
}
# make_function NAME [more words for create-function]...
make_function() {
    local name=$1
    shift
    (cd "build/$name" && python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    z.write("bootstrap")' "$WORK/$name.zip")
    call_until lambda create-function --function-name "$NAME-$name" --runtime provided.al2023 \
        --handler bootstrap --zip-file "fileb://$WORK/$name.zip" --timeout 60 --memory-size 256 \
        --role "arn:aws:iam::$ACCOUNT:role/$NAME-$name" "$@"
    call lambda wait function-active-v2 --function-name "$NAME-$name"
}
queue_url() { aws sqs get-queue-url --queue-name "$1" --query QueueUrl --output text; }

# ---- the clean-up ----

# Removes; goes on where that cannot be, which may be because it is not there.
gone() { call "$@" >"$WORK/out" 2>&1 || sed '/^$/d; s/^/     /' "$WORK/out"; }

clean() {
    local api mapping name
    say "The door first, so that nothing comes any more"
    for api in $(aws apigatewayv2 get-apis --query "Items[?Name=='$NAME'].ApiId" --output text); do
        gone apigatewayv2 delete-api --api-id "$api"
    done
    say "What reads: the delivery stream, the mapping"
    gone firehose delete-delivery-stream --delivery-stream-name "$NAME"
    for mapping in $(aws lambda list-event-source-mappings --event-source-arn "$QUEUE_ARN" \
        --query 'EventSourceMappings[].UUID' --output text 2>/dev/null || true); do
        gone lambda delete-event-source-mapping --uuid "$mapping"
    done
    say "What is read: stream, topic (with its subscriptions), queues"
    gone kinesis delete-stream --stream-name "$NAME"
    gone sns delete-topic --topic-arn "$TOPIC_ARN"
    for name in "$NAME" "$NAME-failures"; do
        gone sqs delete-queue --queue-url "$(queue_url "$name" 2>/dev/null || echo none)"
    done
    say "Functions, their logs and roles"
    for name in capture shape tell; do
        gone lambda delete-function --function-name "$NAME-$name"
        gone logs delete-log-group --log-group-name "/aws/lambda/$NAME-$name"
    done
    for name in capture shape tell delivery; do
        gone iam delete-role-policy --role-name "$NAME-$name" --policy-name own
        gone iam delete-role --role-name "$NAME-$name"
    done
    say "The event store, with all that is in it"
    gone s3 rb "s3://$BUCKET" --force
}

if [ -n "$CLEAN" ]; then
    clean 2>&1
    exit 0
fi

# ---- the tour ----

LOGS='["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"]'

say "A bucket is the event store: every event is kept in it, for good.
   A lifecycle rule moves what is old to classes that cost less, and take longer to read."
call s3api create-bucket --bucket "$BUCKET" $([ "$REGION" = us-east-1 ] ||
    echo --create-bucket-configuration "LocationConstraint=$REGION") >/dev/null
call s3api put-bucket-lifecycle-configuration --bucket "$BUCKET" --lifecycle-configuration \
    '{"Rules":[{"ID":"colder","Status":"Enabled","Filter":{"Prefix":"events/"},"Transitions":[
      {"Days":30,"StorageClass":"STANDARD_IA"},{"Days":90,"StorageClass":"GLACIER_IR"},
      {"Days":180,"StorageClass":"GLACIER"},{"Days":365,"StorageClass":"DEEP_ARCHIVE"}]}]}' >/dev/null

say "A topic tells whoever wants to know that something was stored. Its policy lets the bucket of this account publish."
call sns create-topic --name "$NAME" >/dev/null
call sns set-topic-attributes --topic-arn "$TOPIC_ARN" --attribute-name Policy --attribute-value \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"s3.amazonaws.com\"},
      \"Action\":\"sns:Publish\",\"Resource\":\"$TOPIC_ARN\",
      \"Condition\":{\"StringEquals\":{\"aws:SourceAccount\":\"$ACCOUNT\"}}}]}"
call s3api put-bucket-notification-configuration --bucket "$BUCKET" --notification-configuration \
    "{\"TopicConfigurations\":[{\"TopicArn\":\"$TOPIC_ARN\",\"Events\":[\"s3:ObjectCreated:*\"],
      \"Filter\":{\"Key\":{\"FilterRules\":[{\"Name\":\"prefix\",\"Value\":\"events/\"}]}}}]}"

say "A queue keeps the work until it is done. What fails five times goes to a second one, to be looked at."
call sqs create-queue --queue-name "$NAME-failures" --attributes MessageRetentionPeriod=1209600 >/dev/null
call sqs create-queue --queue-name "$NAME" --attributes \
    "{\"VisibilityTimeout\":\"360\",\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"$FAILURES_ARN\\\",\\\"maxReceiveCount\\\":5}\",
      \"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{\\\"Service\\\":\\\"sns.amazonaws.com\\\"},\\\"Action\\\":\\\"sqs:SendMessage\\\",\\\"Resource\\\":\\\"$QUEUE_ARN\\\",\\\"Condition\\\":{\\\"ArnEquals\\\":{\\\"aws:SourceArn\\\":\\\"$TOPIC_ARN\\\"}}}]}\"}" >/dev/null
call sns subscribe --topic-arn "$TOPIC_ARN" --protocol sqs --notification-endpoint "$QUEUE_ARN" \
    --attributes RawMessageDelivery=true >/dev/null

say "A stream takes events as fast as they come, in order for each source, and keeps them for a day."
call kinesis create-stream --stream-name "$NAME" --shard-count 1
call kinesis wait stream-exists --stream-name "$NAME"

say "A function's role says what the function may do, and nothing else. The last one of three works from the queue:
   it reads what was stored and writes each event into its log."
role "$NAME-tell" lambda.amazonaws.com "$(allow "$LOGS" '"*"' \
    '["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes"]' "\"$QUEUE_ARN\"" \
    '"s3:GetObject"' "\"arn:aws:s3:::$BUCKET/*\"")"
make_function tell
call_until lambda create-event-source-mapping --function-name "$NAME-tell" --event-source-arn "$QUEUE_ARN" \
    --batch-size 10 --function-response-types ReportBatchItemFailures

say "This one is asked by Firehose what becomes of each record: a line, nothing, or a failure."
role "$NAME-shape" lambda.amazonaws.com "$(allow "$LOGS" '"*"')"
make_function shape

say "Firehose gathers the stream's events, has them shaped, and stores them as compressed objects, by the hour.
   (It waits for so many seconds before it makes an object of what it has: here none, else 60.)"
role "$NAME-delivery" firehose.amazonaws.com "$(allow \
    '["kinesis:DescribeStream","kinesis:GetShardIterator","kinesis:GetRecords","kinesis:ListShards"]' "\"$STREAM_ARN\"" \
    '["s3:GetBucketLocation","s3:ListBucket","s3:ListBucketMultipartUploads"]' "\"arn:aws:s3:::$BUCKET\"" \
    '["s3:AbortMultipartUpload","s3:GetObject","s3:PutObject"]' "\"arn:aws:s3:::$BUCKET/*\"" \
    '["lambda:InvokeFunction","lambda:GetFunctionConfiguration"]' "\"arn:aws:lambda:$REGION:$ACCOUNT:function:$NAME-shape*\"")"
DELIVERY_ROLE=arn:aws:iam::$ACCOUNT:role/$NAME-delivery
call_until firehose create-delivery-stream --delivery-stream-name "$NAME" --delivery-stream-type KinesisStreamAsSource \
    --kinesis-stream-source-configuration "KinesisStreamARN=$STREAM_ARN,RoleARN=$DELIVERY_ROLE" \
    --extended-s3-destination-configuration "{\"RoleARN\":\"$DELIVERY_ROLE\",\"BucketARN\":\"arn:aws:s3:::$BUCKET\",
      \"CompressionFormat\":\"GZIP\",\"Prefix\":\"events/!{timestamp:yyyy/MM/dd/HH}/\",
      \"ErrorOutputPrefix\":\"errors/!{firehose:error-output-type}/\",
      \"BufferingHints\":{\"IntervalInSeconds\":0,\"SizeInMBs\":5},
      \"ProcessingConfiguration\":{\"Enabled\":true,\"Processors\":[{\"Type\":\"Lambda\",\"Parameters\":[
        {\"ParameterName\":\"LambdaArn\",\"ParameterValue\":\"arn:aws:lambda:$REGION:$ACCOUNT:function:$NAME-shape\"},
        {\"ParameterName\":\"BufferIntervalInSeconds\",\"ParameterValue\":\"0\"}]}]}}"
until [ "$(aws firehose describe-delivery-stream --delivery-stream-name "$NAME" \
    --query DeliveryStreamDescription.DeliveryStreamStatus --output text)" = ACTIVE ]; do sleep 1; done

say "The first function takes events from outside, gives each an id, and puts it into the stream."
role "$NAME-capture" lambda.amazonaws.com "$(allow "$LOGS" '"*"' '"kinesis:PutRecord"' "\"$STREAM_ARN\"")"
make_function capture --environment "Variables={STREAM=$NAME}"

say "An HTTP API is the door: one route, to that function, which lets this API ask it and no other."
API=$(call apigatewayv2 create-api --name "$NAME" --protocol-type HTTP --query ApiId --output text)
TO=$(call apigatewayv2 create-integration --api-id "$API" --integration-type AWS_PROXY --payload-format-version 2.0 \
    --integration-uri "arn:aws:lambda:$REGION:$ACCOUNT:function:$NAME-capture" --query IntegrationId --output text)
call apigatewayv2 create-route --api-id "$API" --route-key 'POST /events' --target "integrations/$TO" >/dev/null
call apigatewayv2 create-stage --api-id "$API" --stage-name '$default' --auto-deploy >/dev/null
call lambda add-permission --function-name "$NAME-capture" --statement-id api --action lambda:InvokeFunction \
    --principal apigateway.amazonaws.com --source-arn "arn:aws:execute-api:$REGION:$ACCOUNT:$API/*/*/events" >/dev/null
URL=$(aws apigatewayv2 get-api --api-id "$API" --query ApiEndpoint --output text)/events

say "Three events, and a heartbeat that nobody needs to keep, to $URL"
for event in '{"type":"door-opened","source":"north","card":17}' '{"type":"door-opened","source":"south","card":4}' \
    '{"type":"heartbeat","source":"north"}' '{"type":"door-closed","source":"north"}'; do
    printf '   %s\n   -> ' "$event"
    curl -sS --retry 5 -H 'content-type: application/json' -d "$event" "$URL"
    echo
done

say "They come out at the other end: in the log of the function that was told of the objects."
TOLD=0
for _ in $(seq 60); do
    aws logs filter-log-events --log-group-name "/aws/lambda/$NAME-tell" --filter-pattern '"event {"' \
        --query 'events[].[message]' --output text >"$WORK/told" 2>/dev/null || true
    TOLD=$(grep -c 'door-' "$WORK/told" || true)
    [ "$TOLD" -ge 3 ] && break
    sleep 1
done
sed 's/^/   /' "$WORK/told"
call s3 ls --recursive "s3://$BUCKET" | sed 's/^/   /'
[ "$TOLD" -ge 3 ] || { echo "only $TOLD of 3 events came through" >&2; exit 1; }
say "That is all of it. $0 clean $NAME removes it again."
