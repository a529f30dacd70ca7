/* SPDX-License-Identifier: Apache-2.0
 *
 * What connectors may connect, and how. A role's statements are actions ("sqs:" and the names
 * behind it), ">" and resources, with "|" between statements; a policy of a queue or a topic is the
 * service that calls and what it calls; a permission is the service, where it calls from, and
 * "account" if the account is named. "@states:x" is an ARN in this region and account.
 */
#include "svc/cloudformation/sam_connector.h"

const struct sam_profile sam_profiles[] = {
    {"AWS::DynamoDB::Table", "AWS::Lambda::Function", SAM_ROLE, false, SAM_BY_MAPPING, NULL,
     {{"Read",
       "dynamodb: DescribeStream GetRecords GetShardIterator ListStreams > "
       "%{Source.Arn}/stream/*"}}},
    {"AWS::Events::Rule", "AWS::SNS::Topic", SAM_TOPIC, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "events.amazonaws.com sns:Publish"}}},
    {"AWS::Events::Rule", "AWS::Events::EventBus", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "events: PutEvents > %{Destination.Arn}"}}},
    {"AWS::Events::Rule", "AWS::StepFunctions::StateMachine", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "states: StartExecution > %{Destination.Arn}"}}},
    {"AWS::Events::Rule", "AWS::Lambda::Function", SAM_PERMISSION, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "events.amazonaws.com %{Source.Arn}"}}},
    {"AWS::Events::Rule", "AWS::SQS::Queue", SAM_QUEUE, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "events.amazonaws.com sqs:SendMessage"}}},
    {"AWS::Lambda::Function", "AWS::Lambda::Function", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "lambda: InvokeAsync InvokeFunction > %{Destination.Arn}"}}},
    {"AWS::Lambda::Function", "AWS::S3::Bucket", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Read",
       "s3: GetObject GetObjectAcl GetObjectLegalHold GetObjectRetention GetObjectTorrent "
       "GetObjectVersion GetObjectVersionAcl GetObjectVersionForReplication "
       "GetObjectVersionTorrent ListBucket ListBucketMultipartUploads ListBucketVersions "
       "ListMultipartUploadParts > %{Destination.Arn} %{Destination.Arn}/*"},
      {"Write",
       "s3: AbortMultipartUpload DeleteObject DeleteObjectVersion PutObject PutObjectLegalHold "
       "PutObjectRetention RestoreObject > %{Destination.Arn} %{Destination.Arn}/*"}}},
    {"AWS::Lambda::Function", "AWS::DynamoDB::Table", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Read",
       "dynamodb: GetItem Query Scan BatchGetItem ConditionCheckItem PartiQLSelect > "
       "%{Destination.Arn} %{Destination.Arn}/index/*"},
      {"Write",
       "dynamodb: PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert "
       "PartiQLUpdate > %{Destination.Arn} %{Destination.Arn}/index/*"}}},
    {"AWS::Lambda::Function", "AWS::SQS::Queue", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Read",
       "sqs: ReceiveMessage GetQueueAttributes > %{Destination.Arn}"},
      {"Write",
       "sqs: DeleteMessage SendMessage ChangeMessageVisibility PurgeQueue > %{Destination.Arn}"}}},
    {"AWS::Lambda::Function", "AWS::SNS::Topic", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "sns: Publish > %{Destination.Arn}"}}},
    {"AWS::Lambda::Function", "AWS::StepFunctions::StateMachine",
     SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "states: StartExecution StartSyncExecution > %{Destination.Arn} | states: StopExecution "
       "> @states:execution:%{Destination.Name}:*"},
      {"Read",
       "states: DescribeStateMachine ListExecutions > %{Destination.Arn} | states: "
       "DescribeExecution DescribeStateMachineForExecution GetExecutionHistory > "
       "@states:execution:%{Destination.Name}:*"}}},
    {"AWS::Lambda::Function", "AWS::Events::EventBus", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "events: PutEvents > %{Destination.Arn}"}}},
    {"AWS::Lambda::Function", "AWS::Location::PlaceIndex", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Read",
       "geo: DescribePlaceIndex GetPlace SearchPlaceIndexForPosition "
       "SearchPlaceIndexForSuggestions SearchPlaceIndexForText > %{Destination.Arn}"}}},
    {"AWS::ApiGatewayV2::Api", "AWS::Lambda::Function", SAM_PERMISSION, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "apigateway.amazonaws.com @execute-api:%{Source.ResourceId}/%{Source.Qualifier}"}}},
    {"AWS::ApiGateway::RestApi", "AWS::Lambda::Function",
     SAM_PERMISSION, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "apigateway.amazonaws.com @execute-api:%{Source.ResourceId}/%{Source.Qualifier}"}}},
    {"AWS::SNS::Topic", "AWS::SQS::Queue", SAM_QUEUE, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "sns.amazonaws.com sqs:SendMessage"}}},
    {"AWS::SNS::Topic", "AWS::Lambda::Function", SAM_PERMISSION, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "sns.amazonaws.com %{Source.Arn}"}}},
    {"AWS::SQS::Queue", "AWS::Lambda::Function", SAM_ROLE, false, SAM_BY_MAPPING, "Read+Write",
     {{"Write",
       "sqs: DeleteMessage > %{Source.Arn}"},
      {"Read",
       "sqs: ReceiveMessage GetQueueAttributes > %{Source.Arn}"}}},
    {"AWS::S3::Bucket", "AWS::Lambda::Function", SAM_PERMISSION, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "s3.amazonaws.com %{Source.Arn} account"}}},
    {"AWS::StepFunctions::StateMachine", "AWS::Lambda::Function",
     SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "lambda: InvokeAsync InvokeFunction > %{Destination.Arn}"}}},
    {"AWS::StepFunctions::StateMachine", "AWS::SNS::Topic", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "sns: Publish > %{Destination.Arn}"}}},
    {"AWS::StepFunctions::StateMachine", "AWS::SQS::Queue", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "sqs: SendMessage > %{Destination.Arn}"}}},
    {"AWS::StepFunctions::StateMachine", "AWS::S3::Bucket", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Read",
       "s3: GetObject GetObjectAcl GetObjectLegalHold GetObjectRetention GetObjectTorrent "
       "GetObjectVersion GetObjectVersionAcl GetObjectVersionForReplication "
       "GetObjectVersionTorrent ListBucket ListBucketMultipartUploads ListBucketVersions "
       "ListMultipartUploadParts > %{Destination.Arn} %{Destination.Arn}/*"},
      {"Write",
       "s3: AbortMultipartUpload DeleteObject DeleteObjectVersion PutObject PutObjectLegalHold "
       "PutObjectRetention RestoreObject > %{Destination.Arn} %{Destination.Arn}/*"}}},
    {"AWS::StepFunctions::StateMachine", "AWS::DynamoDB::Table",
     SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Read",
       "dynamodb: GetItem Query Scan BatchGetItem ConditionCheckItem PartiQLSelect > "
       "%{Destination.Arn} %{Destination.Arn}/index/*"},
      {"Write",
       "dynamodb: PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert "
       "PartiQLUpdate > %{Destination.Arn} %{Destination.Arn}/index/*"}}},
    {"AWS::StepFunctions::StateMachine", "AWS::StepFunctions::StateMachine",
     SAM_ROLE, true, SAM_BY_SOURCE, "Read Read+Write",
     {{"Read",
       "states: DescribeExecution > @states:execution:%{Destination.Name}:* | events: "
       "DescribeRule > @events:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"},
      {"Write",
       "states: StartExecution > %{Destination.Arn} | states: StopExecution > "
       "@states:execution:%{Destination.Name}:* | events: PutTargets PutRule > "
       "@events:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"}}},
    {"AWS::StepFunctions::StateMachine", "AWS::Events::EventBus",
     SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "events: PutEvents > %{Destination.Arn}"}}},
    {"AWS::AppSync::DataSource", "AWS::DynamoDB::Table", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Read",
       "dynamodb: GetItem Query Scan BatchGetItem ConditionCheckItem PartiQLSelect > "
       "%{Destination.Arn} %{Destination.Arn}/index/*"},
      {"Write",
       "dynamodb: PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert "
       "PartiQLUpdate > %{Destination.Arn} %{Destination.Arn}/index/*"}}},
    {"AWS::AppSync::DataSource", "AWS::Lambda::Function", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "lambda: InvokeAsync InvokeFunction > %{Destination.Arn} %{Destination.Arn}:*"}}},
    {"AWS::AppSync::DataSource", "AWS::Events::EventBus", SAM_ROLE, true, SAM_BY_NOBODY, NULL,
     {{"Write",
       "events: PutEvents > %{Destination.Arn}"}}},
    {"AWS::AppSync::GraphQLApi", "AWS::Lambda::Function",
     SAM_PERMISSION, false, SAM_BY_NOBODY, NULL,
     {{"Write",
       "appsync.amazonaws.com @appsync:apis/%{Source.ResourceId}"}}},
    {NULL, NULL, SAM_ROLE, false, SAM_BY_NOBODY, NULL, {{NULL, NULL}}},
};
